"""Lo que se ve en un cuaderno: el avance de una construcción y la comparación de imágenes."""
