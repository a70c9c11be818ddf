# Cada línea de código que cambia cuesta dos instalaciones: ¿por qué?
FROM node:14-alpine AS build
WORKDIR /app
COPY . .
RUN npm install
RUN npm run build

FROM node:14-alpine
WORKDIR /app
COPY --from=build /app/dist ./dist
COPY package*.json ./
RUN npm install --only=production
CMD ["npm", "start"]
