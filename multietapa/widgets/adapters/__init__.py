"""¿Qué usa el kit de IPython, ipykernel y anywidget que puede cambiar sin aviso? Un módulo por biblioteca.

Lo demás del paquete solo usa lo que esas bibliotecas documentan. Si una se mueve, ``test_adapters`` dice
cuál. De traitlets no se usa nada privado.
"""
