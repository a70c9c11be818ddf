# prod va antes que dev: los objetivos se piden por su nombre
FROM node:14-alpine AS dependencias
WORKDIR /app
COPY package*.json ./
RUN npm ci

FROM dependencias AS compilacion
COPY . .
RUN npm test && npm run build

FROM node:14-alpine AS prod
ENV PORT=8080
WORKDIR /srv/tienda
COPY package*.json ./
RUN npm ci --only=production
COPY --from=compilacion /app/dist ./dist
CMD node dist/server.js

FROM dependencias AS dev
COPY . .
CMD ["npm", "run", "dev"]
