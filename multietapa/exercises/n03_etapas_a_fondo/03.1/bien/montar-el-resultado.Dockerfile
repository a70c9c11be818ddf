FROM node:14-alpine AS dependencias
WORKDIR /app
COPY package*.json ./
RUN npm ci

FROM dependencias AS dev
COPY . .
CMD ["npm", "run", "dev"]

FROM dev AS pruebas
RUN npm test && touch /pasadas

FROM dev AS compilacion
RUN npm run build

FROM node:14-alpine AS prod
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
RUN --mount=type=bind,from=pruebas,source=/pasadas,target=/pasadas test -e /pasadas
COPY --from=compilacion /app/dist ./dist
USER node
CMD ["npm", "start"]
