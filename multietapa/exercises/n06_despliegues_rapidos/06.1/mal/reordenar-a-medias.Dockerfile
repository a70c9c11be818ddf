# espera: La que más pesa es la capa 6 (línea 13: «RUN npm install --only=production»)
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
COPY --from=build /app/dist ./dist
RUN npm install --only=production
CMD ["npm", "start"]
