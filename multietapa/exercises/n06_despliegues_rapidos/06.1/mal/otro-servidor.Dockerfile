# espera: no cambia ninguna capa
FROM node:14-alpine
RUN echo "require('http').createServer((_, r) => r.end('{\"estado\": \"bien\"}')).listen(3000)" > /servidor.js
CMD ["node", "/servidor.js"]
