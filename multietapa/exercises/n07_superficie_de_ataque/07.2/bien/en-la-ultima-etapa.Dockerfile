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
COPY activar.js ./
RUN --mount=type=secret,id=npm,required node activar.js
COPY --from=build /app/dist ./dist
CMD ["node", "dist/server.js"]
