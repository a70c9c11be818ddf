"""¿Qué hay dentro de una imagen, cuánto pesa cada cosa y qué viaja sin que nadie lo vea?"""
