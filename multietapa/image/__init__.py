"""¿Qué llevan las capas? Lee y escribe imágenes y las recorre. Sin motor."""
