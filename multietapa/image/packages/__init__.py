"""¿Qué paquetes lleva una imagen? Los del sistema, los de npm, los de Python y los módulos de Go."""
