# Con dos etapas, y tarda casi lo mismo que la ingenua. ¿Qué viaja que no hace falta para atender?
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:14
WORKDIR /app
COPY --from=build /app ./
CMD ["npm", "start"]
