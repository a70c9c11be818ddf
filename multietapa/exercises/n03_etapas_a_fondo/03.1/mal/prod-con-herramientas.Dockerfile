# espera: Lleva /app/node_modules/
FROM node:14-alpine AS dev
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
CMD ["npm", "run", "dev"]

FROM dev AS prod
RUN npm test && npm run build
CMD ["node", "dist/server.js"]
