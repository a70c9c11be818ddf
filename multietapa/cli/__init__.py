"""¿Qué hace una orden?"""
