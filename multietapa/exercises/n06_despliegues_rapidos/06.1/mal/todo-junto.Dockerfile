# espera: La que más pesa es la capa 4 (línea 12: «COPY /app ./»)
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
RUN npm prune --production

FROM node:14-alpine
WORKDIR /app
COPY --from=build /app ./
CMD ["npm", "start"]
