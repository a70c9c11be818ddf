"""¿Qué imágenes base sabe hacer el taller? Una familia en cada módulo; ``catalogue.py`` las encuentra."""
