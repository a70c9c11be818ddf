# No corre como root, y cada cambio hace viajar de más: ¿qué capas, y por qué?
FROM node:14 AS build
WORKDIR /app
COPY . .
RUN npm ci
RUN npm run build
RUN npm prune --production

FROM node:14-alpine
WORKDIR /app
COPY --from=build /app ./
RUN chown -R node:node /app
USER node
CMD ["npm", "start"]
