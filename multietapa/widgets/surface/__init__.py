"""¿Cómo se ve lo que deja a mano una imagen?"""
