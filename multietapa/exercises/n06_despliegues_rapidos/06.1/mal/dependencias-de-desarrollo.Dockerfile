# espera: «COPY /app/node_modules ./node_modules»), y
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

# Viaja poco tras el cambio, pero la primera vez viaja de más
FROM node:14-alpine
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
CMD ["node", "dist/server.js"]
