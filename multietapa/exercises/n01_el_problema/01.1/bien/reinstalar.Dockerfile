# En vez de podar: se borra todo y se vuelve a instalar lo que hace falta para funcionar
FROM node:14-alpine
WORKDIR /usr/src/app
COPY . .
RUN npm ci && npm run build && rm -rf node_modules && npm ci --only=production
CMD npm start
