FROM node:14-alpine AS dependencias
WORKDIR /app
COPY package*.json ./
RUN npm install

FROM dependencias AS build
COPY . .
RUN npm run build

FROM dependencias AS produccion
RUN npm prune --production

FROM node:14-alpine
WORKDIR /app
COPY --from=produccion /app ./
COPY --from=build /app/dist ./dist
USER node
CMD ["npm", "start"]
