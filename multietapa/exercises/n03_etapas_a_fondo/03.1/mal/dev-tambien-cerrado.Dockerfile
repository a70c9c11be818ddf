# espera: «dev» tampoco se construye: se para en la línea 8, en la etapa «pruebas»
FROM node:14-alpine AS dependencias
WORKDIR /app
COPY package*.json ./
RUN npm ci
FROM dependencias AS pruebas
COPY . .
RUN npm test
FROM pruebas AS dev
CMD ["npm", "run", "dev"]

FROM pruebas AS compilacion
RUN npm run build

FROM node:14-alpine AS prod
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
COPY --from=compilacion /app/dist ./dist
CMD ["node", "dist/server.js"]
