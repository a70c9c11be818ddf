# espera: la imagen dice que parte de «node:-alpine», y parte de node:14-alpine
ARG NODE=14

FROM node:${NODE}-alpine AS build
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
LABEL org.opencontainers.image.base.name=node:${NODE}-alpine
CMD ["node", "dist/server.js"]
