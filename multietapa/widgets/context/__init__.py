"""¿Qué viaja de una carpeta al motor, y qué se queda fuera?"""
