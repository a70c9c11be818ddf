ARG NODE=14

FROM node:${NODE} AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
RUN npm test > /pruebas.txt

FROM node:${NODE}-alpine
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
COPY --from=build /app/dist ./dist
COPY --from=build /pruebas.txt /
CMD ["npm", "start"]
