# espera: No existe la etapa «dev»
FROM node:14-alpine AS desarrollo
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .

FROM desarrollo AS compilacion
RUN npm test && npm run build

FROM node:14-alpine AS prod
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
COPY --from=compilacion /app/dist ./dist
CMD ["node", "dist/server.js"]
