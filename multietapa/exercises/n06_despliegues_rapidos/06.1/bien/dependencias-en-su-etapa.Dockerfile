FROM node:14-alpine AS dependencias
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production

FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:14-alpine
WORKDIR /app
COPY --from=dependencias /app ./
COPY --from=build /app/dist ./dist
USER node
CMD ["node", "dist/server.js"]
