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
RUN --mount=type=secret,id=npm --mount=type=bind,from=build,source=/app,target=/origen \
    node /origen/activar.js && cp -r /origen/dist ./
CMD ["npm", "start"]
