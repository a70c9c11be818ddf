FROM node:14-alpine AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm install
COPY tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
# Podar se repite con cada cambio, y no instala nada
RUN npm run build && npm prune --production

FROM node:14-alpine
WORKDIR /app
COPY --from=build /app ./
CMD ["npm", "start"]
