FROM node:14 AS compilar
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
RUN npm test > /pruebas.txt
RUN npm prune --production

FROM node:14-alpine
WORKDIR /app
COPY --from=compilar /app/package.json ./
COPY --from=compilar /app/node_modules ./node_modules
COPY --from=compilar /app/dist ./dist
COPY --from=compilar /pruebas.txt /
CMD ["npm", "start"]
