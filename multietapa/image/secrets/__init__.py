"""¿Qué secretos se escapan con una imagen? Los busca en su historia y en los archivos de todas sus capas."""
