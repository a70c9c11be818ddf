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
RUN mkdir -p /minima/etc /minima/tmp && cp /etc/passwd /etc/group /minima/etc/ \
 && tar -cf - /usr/local/bin/node /usr/lib* /lib* | tar -xf - -C /minima

FROM scratch AS final
ENV NODE_ENV=production PATH=/usr/local/bin
COPY --from=produccion /minima /
COPY --from=produccion --chown=1000:1000 /app/node_modules /app/node_modules
COPY --from=build --chown=1000:1000 /app/dist /app/dist
WORKDIR /app
USER node
ENTRYPOINT ["node"]
CMD ["dist/server.js"]
