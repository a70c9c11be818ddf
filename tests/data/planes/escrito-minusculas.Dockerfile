# cubre: instrucciones en minúsculas
from multietapa-pruebas/base:1 as origen
copy a /1
from scratch
copy --from=origen /1 /2
