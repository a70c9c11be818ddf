"""¿Cómo se ve una construcción?"""
