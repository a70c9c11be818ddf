# espera: NODE_ENV vale «Production» en el programa que atiende, y no «production»
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production
COPY --from=build /app/dist ./dist
ENV NODE_ENV=Production
USER node
CMD ["npm", "start"]
