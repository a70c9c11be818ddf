"""¿Cómo se construye? De un Dockerfile a una imagen, como eventos que se pueden enseñar y grabar."""
