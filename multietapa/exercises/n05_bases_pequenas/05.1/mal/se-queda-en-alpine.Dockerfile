# espera: El contenedor tiene gestores de paquetes:
FROM node:24 AS build
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:24-alpine
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
RUN find /bin /usr/bin -name '*box' -exec rm {} +
USER node
CMD ["node", "dist/server.js"]
