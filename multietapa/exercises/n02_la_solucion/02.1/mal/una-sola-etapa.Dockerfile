# espera: Lleva herramientas de compilación
FROM node:14
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
RUN npm test > /pruebas.txt
CMD ["node", "dist/server.js"]
