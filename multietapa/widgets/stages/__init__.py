"""¿Qué etapas tiene un Dockerfile, y qué toma cada una de las demás?"""
