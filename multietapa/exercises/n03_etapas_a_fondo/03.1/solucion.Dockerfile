FROM node:14-alpine AS dev
WORKDIR /app
COPY package*.json ./
RUN npm ci
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
COPY --from=compilacion /app/dist ./dist
COPY --from=pruebas /pasadas /
CMD ["node", "dist/server.js"]
