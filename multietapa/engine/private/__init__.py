"""¿Cómo corre un dockerd en sus propios espacios de nombres?"""
