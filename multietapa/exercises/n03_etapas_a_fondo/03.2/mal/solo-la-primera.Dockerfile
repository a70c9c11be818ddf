# espera: Con NODE=24, la tienda contesta con Node 14
ARG NODE=14

FROM node:${NODE}-alpine AS build
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
COPY --from=build /app/dist ./dist
LABEL org.opencontainers.image.base.name=node:14-alpine
CMD ["node", "dist/server.js"]
