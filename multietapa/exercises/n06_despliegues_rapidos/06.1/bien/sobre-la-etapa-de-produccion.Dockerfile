FROM node:14-alpine AS produccion
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production

FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM produccion
USER node
COPY --from=build --chown=node:node /app/dist ./dist
CMD ["npm", "start"]
