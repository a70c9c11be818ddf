"""¿Cuánto crees que ocupará?"""
