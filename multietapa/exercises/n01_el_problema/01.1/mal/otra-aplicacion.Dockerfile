# espera: no es la respuesta de la tienda
FROM node:14-alpine
CMD ["node", "-e", "require('http').createServer((q, r) => r.end('hola')).listen(3000)"]
