FROM node:14
WORKDIR /app
COPY . .
RUN npm install \
 && npm run build \
 && npm prune --production \
 && npm cache clean --force
CMD ["npm", "start"]
