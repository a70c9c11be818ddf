# espera: La que más pesa es la capa 5 (línea 12: «RUN npm ci --only=production»)
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:14-alpine
WORKDIR /app
COPY . .
RUN npm ci --only=production
COPY --from=build /app/dist ./dist
CMD ["npm", "start"]
