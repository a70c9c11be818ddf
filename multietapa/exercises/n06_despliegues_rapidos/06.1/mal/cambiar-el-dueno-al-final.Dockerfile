# espera: La que más pesa es la capa 7 (línea 15: «RUN chown -R node:node /app»)
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
COPY --from=build /app/dist ./dist
# Copia en una capa nueva cada archivo al que le cambia el dueño
RUN chown -R node:node /app
USER node
CMD ["npm", "start"]
