"""¿Dónde vive el motor? Lo encuentra, lo pone en marcha si hace falta y cuida de él."""
