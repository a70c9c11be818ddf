FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production
RUN echo 'tienda:x:4321:4321::/app:/bin/sh' >> /etc/passwd
COPY --from=build --chown=tienda /app/dist ./dist
ENV NODE_ENV="production" PORT=8080
USER tienda
CMD ["npm", "start"]
