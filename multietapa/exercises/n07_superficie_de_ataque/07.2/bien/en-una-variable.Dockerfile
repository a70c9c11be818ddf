FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY tsconfig.json activar.js ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build

FROM build AS licencia
RUN --mount=type=secret,id=npm,env=NPM_TOKEN,target=/tmp/no node activar.js

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production
COPY --from=licencia /app/licencia.txt ./
COPY --from=build /app/dist ./dist
CMD ["npm", "start"]
