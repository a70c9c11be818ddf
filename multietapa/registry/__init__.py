"""¿Cómo viaja una imagen? Un registro, un enlace con velocidad y los despliegues que pasan por él."""
