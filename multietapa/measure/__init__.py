"""¿Cuánto ocupa? Dos medidas con nombre, Desempaquetado y Transferencia, y su comparación."""
