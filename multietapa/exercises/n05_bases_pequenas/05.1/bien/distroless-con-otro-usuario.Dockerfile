FROM node:24 AS build
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM gcr.io/distroless/nodejs24-debian13:nonroot
ENV NODE_ENV=production
COPY --from=build --chown=1000:1000 /app/dist /tienda/dist
COPY --from=build --chown=1000:1000 /app/node_modules /tienda/node_modules
USER 1000
ENTRYPOINT ["/nodejs/bin/node", "/tienda/dist/server.js"]
