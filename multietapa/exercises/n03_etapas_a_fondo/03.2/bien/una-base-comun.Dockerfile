ARG NODE=14

FROM node:${NODE}-alpine AS base
ARG NODE
LABEL org.opencontainers.image.base.name="node:${NODE}-alpine"
WORKDIR /app
COPY package*.json ./

FROM base AS build
RUN npm ci
COPY . .
RUN npm run build

FROM base
RUN npm ci --only=production
COPY --from=build /app/dist ./dist
CMD ["node", "dist/server.js"]
