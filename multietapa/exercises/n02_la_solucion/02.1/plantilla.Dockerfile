# Sepáralo en etapas: ¿en cuál se pasan las pruebas, y qué llega a la última?
FROM node:14
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
CMD ["npm", "start"]
