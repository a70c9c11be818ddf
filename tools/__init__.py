"""Lo que rehace los archivos derivados del proyecto. No viaja con el taller."""
