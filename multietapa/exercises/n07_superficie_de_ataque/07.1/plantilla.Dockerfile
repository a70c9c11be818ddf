# Ni root, ni sh. ¿Quién necesita aquí un intérprete de órdenes cuando la tienda ya está en marcha?
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
CMD ["npm", "start"]
