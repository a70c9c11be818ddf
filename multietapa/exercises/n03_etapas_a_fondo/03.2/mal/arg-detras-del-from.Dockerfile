# espera: Ahí no tiene valor «NODE»
FROM node:14-alpine AS build
ARG NODE=14
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:${NODE}-alpine
ARG NODE
LABEL org.opencontainers.image.base.name=node:${NODE}-alpine
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
COPY --from=build /app/dist ./dist
CMD ["node", "dist/server.js"]
