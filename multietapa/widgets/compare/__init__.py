"""¿Cómo se ve una comparación?"""
