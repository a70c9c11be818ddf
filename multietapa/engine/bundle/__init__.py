"""¿De qué está hecho un motor del taller? Su paquete de programas: hacerlo, comprobarlo, guardarlo."""
