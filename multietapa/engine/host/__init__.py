"""¿Qué pone esta máquina? Red, puertos, certificados, límites y procesos que se van con quien los lanzó."""
