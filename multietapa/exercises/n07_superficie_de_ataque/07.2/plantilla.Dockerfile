# El token se escapa de aquí de tres maneras. ¿Cuáles?
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:14-alpine
ARG NPM_TOKEN
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production
COPY .npmrc activar.js ./
RUN node activar.js
RUN rm .npmrc
COPY --from=build /app ./
CMD ["npm", "start"]
