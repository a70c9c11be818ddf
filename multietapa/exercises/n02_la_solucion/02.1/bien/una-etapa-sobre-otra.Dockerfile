FROM node:14-alpine AS produccion
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production

FROM node:14 AS compilacion
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
RUN npm test > /pruebas.txt

FROM produccion
COPY --from=compilacion /app/dist ./dist
COPY --from=compilacion /pruebas.txt /
CMD ["node", "dist/server.js"]
