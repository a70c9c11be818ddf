# espera: Con NODE=24, la etapa «build» (línea 4) y la etapa «1» (línea 11) parten de node:14-alpine
ARG NODE_VERSION=14

FROM node:${NODE_VERSION}-alpine AS build
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:${NODE_VERSION}-alpine
ARG NODE_VERSION
LABEL org.opencontainers.image.base.name=node:${NODE_VERSION}-alpine
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
COPY --from=build /app/dist ./dist
CMD ["node", "dist/server.js"]
