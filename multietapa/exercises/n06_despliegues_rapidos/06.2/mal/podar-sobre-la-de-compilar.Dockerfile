# espera: en la capa 5 (línea 5: «RUN npm install»)
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

# Lo que se poda aquí ya está guardado en las capas de abajo
FROM build
RUN npm prune --production && npm cache clean --force
CMD ["npm", "start"]
