# espera: no se ve el cambio de src/catalogue.ts
# Copia un dist que no sale de esta carpeta: no repite nada, y no enseña nada nuevo
FROM tienda:ingenua AS build

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
COPY --from=build /app/dist ./dist
CMD ["npm", "start"]
