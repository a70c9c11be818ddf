"""¿Cómo pide el motor, mientras construye, lo que solo tiene quien construye? Con una sesión de BuildKit."""
