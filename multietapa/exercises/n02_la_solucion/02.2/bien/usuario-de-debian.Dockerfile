FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:14-alpine AS dependencias
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production

# La última etapa no tiene por qué ser pequeña en este ejercicio: aquí los usuarios se crean como en Debian
FROM node:14
WORKDIR /app
COPY --from=dependencias /app ./
COPY --from=build /app/dist ./dist
ENV NODE_ENV=production
RUN useradd --create-home tienda && adduser --disabled-password --gecos '' ana
USER tienda
CMD ["npm", "start"]
