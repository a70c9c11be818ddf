# espera: en su configuración: «NPM_TOKEN»
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY tsconfig.json activar.js ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production
ARG NPM_TOKEN
ENV NPM_TOKEN=$NPM_TOKEN
COPY activar.js ./
RUN node activar.js
COPY --from=build /app/dist ./dist
CMD ["npm", "start"]
