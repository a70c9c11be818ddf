# espera: no se ve el cambio de src/catalogue.ts
# Su dist no sale de esta carpeta: no repite nada, y no enseña nada nuevo
FROM node:14-alpine AS build
RUN mkdir -p /app/dist && \
    echo 'require("http").createServer((_, salida) => salida.end(JSON.stringify({ estado: "bien" }))).listen(3000)' > /app/dist/server.js

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
COPY --from=build /app/dist ./dist
CMD ["npm", "start"]
