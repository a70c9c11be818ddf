"""¿Qué encontraría quien entrara en un contenedor de esta imagen? Programas, permisos y usuario."""
