"""¿Cómo mueren los programas? Una tabla por lenguaje: qué línea escriben, qué quiere decir y qué hacer.

Los textos hablan de lo que *dice* el programa, porque esa línea la pudo escribir cualquiera: lo que se afirma
es lo que sabe el motor (``crash.py``). ``tests/data/muertes.json`` guarda un registro de cada clase.
"""
