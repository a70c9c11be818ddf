"""¿Cómo se ve un despliegue?"""
