"""¿Cuándo trabajó cada etapa de una o de varias construcciones?"""
