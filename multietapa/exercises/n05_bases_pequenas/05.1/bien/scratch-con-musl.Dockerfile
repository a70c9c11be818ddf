FROM node:24 AS build
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:24-alpine AS musl
RUN mkdir /minima && tar -cf - /usr/local/bin/node /usr/lib* /lib* | tar -xf - -C /minima

FROM scratch
COPY --from=musl /minima /
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER 1000:1000
CMD ["/usr/local/bin/node", "dist/server.js"]
