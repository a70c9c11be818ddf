# espera: exec /usr/local/bin/node: no such file
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

FROM scratch
WORKDIR /app
COPY --from=produccion /usr/local/bin/node /usr/local/bin/node
COPY --from=produccion /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER 1000
CMD ["/usr/local/bin/node", "dist/server.js"]
