# espera: Con NODE=24, la etapa «build» (línea 4) parte de node:14-alpine
ARG NODE=14

FROM node:14-alpine AS build
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
ARG NODE
LABEL org.opencontainers.image.base.name=node:${NODE}-alpine
CMD ["node", "dist/server.js"]
