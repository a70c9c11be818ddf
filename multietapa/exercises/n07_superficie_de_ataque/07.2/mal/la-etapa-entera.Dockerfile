# espera: en /app/.npmrc, a la vista de quien entre
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
RUN --mount=type=secret,id=npm node activar.js

FROM node:14-alpine
WORKDIR /app
COPY --from=build /app ./
CMD ["npm", "start"]
