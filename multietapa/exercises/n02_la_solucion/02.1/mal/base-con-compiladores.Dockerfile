# espera: El objetivo son 5 veces
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
RUN npm test > /pruebas.txt

FROM node:14-alpine AS dependencias
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production

FROM node:14
WORKDIR /app
COPY --from=dependencias /app ./
COPY --from=build /app/dist ./dist
COPY --from=build /pruebas.txt /
CMD ["npm", "start"]
