"""¿Es correcta esta respuesta, y qué ayuda?"""
