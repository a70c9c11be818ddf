# espera: «CORRE» no es una instrucción
FROM node:14-alpine
CORRE dd if=/dev/zero of=/temporal bs=1M count=50
