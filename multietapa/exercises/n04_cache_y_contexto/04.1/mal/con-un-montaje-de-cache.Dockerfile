# espera: el primer paso que se repite en «build» es el de la línea 4: «COPY . .»
FROM node:14-alpine AS build
WORKDIR /app
COPY . .
RUN --mount=type=cache,target=/root/.npm npm ci --prefer-offline
RUN npm run build

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
COPY --from=build /app/dist ./dist
CMD ["npm", "start"]
