# espera: corre como root (uid 0)
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
RUN mkdir /minima && tar -cf - /usr/local/bin/node /usr/lib* /lib* | tar -xf - -C /minima

FROM scratch
COPY --from=produccion /minima /
WORKDIR /app
COPY --from=produccion /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
CMD ["/usr/local/bin/node", "dist/server.js"]
