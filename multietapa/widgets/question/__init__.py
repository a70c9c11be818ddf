"""¿Qué se pregunta, y qué explica cada respuesta?"""
