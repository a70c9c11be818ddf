# espera: Lleva código fuente: /app/src/
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
RUN npm test > /pruebas.txt

FROM node:14-alpine
WORKDIR /app
COPY --from=build /app ./
COPY --from=build /pruebas.txt /
CMD ["npm", "start"]
