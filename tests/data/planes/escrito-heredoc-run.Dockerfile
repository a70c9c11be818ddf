# cubre: un RUN con un documento que parece un Dockerfile
FROM multietapa-pruebas/base:1 AS origen
RUN <<-"FIN"
	echo FROM scratch AS nadie > /1
	FIN
FROM scratch
COPY --from=origen /1 /2
