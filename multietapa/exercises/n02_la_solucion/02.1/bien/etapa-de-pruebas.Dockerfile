FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

# Las mira la última etapa: si no, nadie las pasaría
FROM build AS pruebas
RUN npm test > /pruebas.txt

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production
COPY --from=build /app/dist ./dist
COPY --from=pruebas /pruebas.txt /pruebas.txt
CMD ["npm", "start"]
