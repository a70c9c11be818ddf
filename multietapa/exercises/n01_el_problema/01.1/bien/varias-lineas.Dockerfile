FROM node:14-alpine
WORKDIR /tienda
COPY . .
RUN <<FIN
set -e
npm install
npm run build
npm prune --production
FIN
CMD ["node", "dist/server.js"]
