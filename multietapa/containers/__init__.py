"""¿Qué hace una imagen cuando corre? Contenedores que se crean, contestan y se recogen siempre."""
