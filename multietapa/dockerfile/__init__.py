"""¿Qué dice el texto? Lo que pone un Dockerfile y qué archivos viajan con él. Sin motor."""
