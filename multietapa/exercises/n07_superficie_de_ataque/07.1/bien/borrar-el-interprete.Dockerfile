FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:14-alpine AS produccion
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production
COPY --from=build /app/dist ./dist
# Los demás nombres de busybox se quedan apuntando a nada
RUN rm -f /bin/sh /bin/ash /bin/busybox
USER node
CMD ["node", "dist/server.js"]
