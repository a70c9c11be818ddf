"""¿Qué se le pregunta a una imagen?

Preguntas pequeñas, que se combinan. Ninguna lee el Dockerfile: solo lo que la imagen lleva y lo que el
programa hace. Así vale toda respuesta correcta, se escriba como se escriba. Cada pregunta devuelve una
:class:`Observation`.
"""
