# espera: exec /usr/local/bin/npm: no such file
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production
COPY --from=build /app/dist ./dist
RUN rm -f /bin/sh /bin/ash /bin/busybox
USER node
CMD ["npm", "start"]
