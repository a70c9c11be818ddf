FROM node:14-alpine
WORKDIR /srv
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:14-alpine
ENV NODE_ENV=production
WORKDIR /srv
COPY package*.json ./
RUN npm ci
COPY --from=0 /srv/dist ./dist
USER node
CMD ["npm", "start"]
