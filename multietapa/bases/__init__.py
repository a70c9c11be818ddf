"""¿De qué parte una imagen? Dónde se buscan las imágenes base, y sus equivalentes locales."""
