FROM node:24 AS build
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:24-slim AS glibc
RUN mkdir /minima && cp --parents $(ldd /usr/local/bin/node | grep -o '/[^ ]*') /usr/local/bin/node /minima

FROM scratch
ENV NODE_ENV=production
COPY --from=glibc /minima /
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER 65534
ENTRYPOINT ["/usr/local/bin/node"]
CMD ["dist/server.js"]
