FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY tsconfig.json activar.js ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build
RUN --mount=type=secret,id=npm,target=/app/.npmrc,mode=0400 node activar.js

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production
COPY --from=build /app/dist ./dist
COPY --from=build /app/licencia.txt ./
USER node
CMD ["npm", "start"]
