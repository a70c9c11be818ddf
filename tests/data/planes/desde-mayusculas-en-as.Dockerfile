# cubre: AS en mayúsculas y con mayúsculas dentro; FROM la nombra en minúsculas
from multietapa-pruebas/base:1 As CasaGrande
COPY a /1
FROM casagrande
COPY b /2
