# ¿Qué pasa con cada objetivo cuando una prueba falla? ¿Y qué lleva prod?
FROM node:14-alpine AS dev
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm test
CMD ["npm", "run", "dev"]

FROM dev AS prod
RUN npm run build
CMD ["npm", "start"]
