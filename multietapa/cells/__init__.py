"""¿Qué llama quien aprende desde una celda?"""
