FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:14-alpine
ENV NODE_ENV=production
WORKDIR /srv/tienda
COPY package.json package-lock.json ./
# Con NODE_ENV=production, npm no instala las de desarrollo
RUN npm ci
COPY --from=build /app/dist ./dist
USER node
CMD ["npm", "start"]
