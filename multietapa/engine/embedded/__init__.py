"""¿Cómo corre un dockerd dentro de User-mode Linux, sin ningún privilegio?"""
