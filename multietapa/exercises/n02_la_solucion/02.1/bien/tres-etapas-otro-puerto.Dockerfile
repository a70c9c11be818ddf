FROM node:14 AS compilar
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
RUN npm test > /pruebas.txt

FROM node:14-alpine AS dependencias
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production

FROM node:14-alpine
ENV PORT=8080
EXPOSE 8080
WORKDIR /srv/tienda
COPY --from=dependencias /app/node_modules ./node_modules
COPY --from=compilar /app/dist ./compilado
COPY --from=compilar /pruebas.txt /
CMD node compilado/server.js
