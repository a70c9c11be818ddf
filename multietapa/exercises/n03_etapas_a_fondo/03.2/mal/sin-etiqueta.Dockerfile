# espera: no lleva la etiqueta org.opencontainers.image.base.name
ARG NODE=14

FROM node:${NODE}-alpine AS build
ARG NODE
LABEL org.opencontainers.image.base.name=node:${NODE}-alpine
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:${NODE}-alpine
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
COPY --from=build /app/dist ./dist
CMD ["node", "dist/server.js"]
