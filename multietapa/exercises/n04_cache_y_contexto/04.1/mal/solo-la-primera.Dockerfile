# espera: se instalan otra vez en la etapa «stage-1»: el primer paso que se repite en «stage-1» es el de la línea 11: «COPY --from=build /app/dist ./dist»
FROM node:14-alpine AS build
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:14-alpine
WORKDIR /app
COPY --from=build /app/dist ./dist
COPY package*.json ./
RUN npm ci --only=production
CMD ["npm", "start"]
