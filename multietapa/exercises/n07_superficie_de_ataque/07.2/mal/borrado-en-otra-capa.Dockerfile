# espera: lo esconde, pero sigue entero en la capa
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY tsconfig.json activar.js ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production
COPY .npmrc activar.js ./
RUN node activar.js && rm .npmrc
COPY --from=build /app/dist ./dist
CMD ["npm", "start"]
