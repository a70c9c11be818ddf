# Cambia lo que haga falta para que lo que sobra no quede en ninguna capa
FROM node:14
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
CMD ["npm", "start"]
