# espera: tsc: not found
FROM node:14-alpine AS dev
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
COPY . .
CMD ["npm", "run", "dev"]

FROM dev AS compilacion
RUN npm ci
RUN npm test && npm run build

FROM node:14-alpine AS prod
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
COPY --from=compilacion /app/dist ./dist
CMD ["node", "dist/server.js"]
