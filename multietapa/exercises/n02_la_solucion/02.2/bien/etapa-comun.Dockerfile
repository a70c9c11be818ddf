FROM node:14-alpine AS comun
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production
ENV NODE_ENV=production
USER node

FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

# Parte de una etapa propia: de ella sí se heredan el usuario y la variable
FROM comun
COPY --from=build /app/dist ./dist
CMD ["npm", "start"]
