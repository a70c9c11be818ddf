# espera: «ENV» está antes de cualquier «FROM», y ahí solo puede ir «ARG»
ENV NODE=14

FROM node:${NODE}-alpine AS build
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:${NODE}-alpine
LABEL org.opencontainers.image.base.name=node:${NODE}-alpine
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
COPY --from=build /app/dist ./dist
CMD ["node", "dist/server.js"]
