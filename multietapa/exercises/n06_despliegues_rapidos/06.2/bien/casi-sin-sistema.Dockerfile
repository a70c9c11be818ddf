FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:14-alpine AS produccion
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
# Solo node y las bibliotecas que abre: ni consola, ni npm
RUN mkdir /minima && tar -cf - /usr/local/bin/node /usr/lib* /lib* | tar -xf - -C /minima

FROM scratch
COPY --from=produccion /minima /
WORKDIR /app
COPY --from=produccion /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
ENTRYPOINT ["/usr/local/bin/node"]
CMD ["dist/server.js"]
