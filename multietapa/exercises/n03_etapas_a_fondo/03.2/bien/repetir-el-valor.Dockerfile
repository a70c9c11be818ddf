ARG NODE=14
FROM node:${NODE}-alpine AS build
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --production

# El mismo valor en los dos sitios vale; solo hay que acordarse de los dos
FROM node:${NODE:-14}-alpine
ARG NODE=14
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
ENV NODE_BASE=node:${NODE}-alpine
LABEL org.opencontainers.image.base.name=${NODE_BASE}
USER node
CMD ["node", "dist/server.js"]
