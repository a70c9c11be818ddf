# espera: en las etapas «build» y «stage-1»
# Copia antes package*.json, pero instala cuando el código ya ha llegado
FROM node:14-alpine AS build
WORKDIR /app
COPY package*.json ./
COPY src ./src
RUN npm ci
COPY . .
RUN npm run build

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
COPY --from=build /app/dist ./dist
RUN npm ci --only=production
CMD ["npm", "start"]
