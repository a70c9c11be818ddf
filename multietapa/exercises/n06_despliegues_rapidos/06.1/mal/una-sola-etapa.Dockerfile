# espera: «RUN npm install»)
# También aquí viaja poco tras el cambio; lo que sobra es lo demás
FROM node:14
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
CMD ["npm", "start"]
