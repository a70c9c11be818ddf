# espera: El contenedor tiene intérpretes de órdenes: /usr/bin/ash
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production
COPY --from=build /app/dist ./dist
USER node
CMD ["node", "dist/server.js"]
