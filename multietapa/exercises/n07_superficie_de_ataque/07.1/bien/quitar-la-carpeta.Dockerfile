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

FROM node:14-alpine
WORKDIR /app
COPY --from=produccion /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
RUN find /bin /sbin /usr/bin /usr/sbin -name '*box' -exec rm {} +
USER 65534
CMD ["/usr/local/bin/node", "dist/server.js"]
