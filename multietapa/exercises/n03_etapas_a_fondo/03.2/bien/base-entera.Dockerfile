ARG NODE=14
ARG BASE=node:${NODE}-alpine

FROM ${BASE} AS build
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM ${BASE}
ARG BASE
LABEL org.opencontainers.image.base.name=$BASE
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
COPY --from=build /app/dist ./dist
CMD ["npm", "start"]
