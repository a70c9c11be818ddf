"""¿Qué se ve? Cada vista, con su gemelo en texto y en HTML. Nunca habla con el motor."""
