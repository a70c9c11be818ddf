"""¿Por qué se repite este paso, y no sale de la caché?"""
