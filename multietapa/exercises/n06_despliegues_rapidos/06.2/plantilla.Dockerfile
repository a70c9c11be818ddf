# Dos etapas, y tarda casi como la ingenua: ¿qué viaja que no haga falta?
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
