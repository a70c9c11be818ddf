"""¿Qué encontraría en una imagen quien lograra entrar? Sus paquetes, sus programas, sus secretos."""
