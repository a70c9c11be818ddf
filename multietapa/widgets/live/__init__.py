"""¿Cómo van, una a una, las etapas de una construcción?"""
