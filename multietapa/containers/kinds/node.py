"""Cómo mueren Node y npm."""

from __future__ import annotations

from multietapa.containers.kinds.kind import LOOK_INSIDE, PATHS, PORT_LOW, PORT_TAKEN, REACH, USER, Kind, kind

_NPM = r"^npm (?:ERR!|error) "

NODE: tuple[Kind, ...] = (
    kind(
        "node-nativo", "node", r"Error: (\S+\.node): invalid ELF header|(\S+\.node)' was compiled against",
        "Así dice Node que un módulo nativo se compiló para otro sistema o para otra versión de Node.",
        "Los módulos nativos se compilan donde se instalan: instala las dependencias en la misma base y "
        "con la misma versión con las que corren, y no copies las de tu máquina.",
    ),
    kind(
        "node-paquete", "node", r"Error(?: \[ERR_MODULE_NOT_FOUND\])?: Cannot find (?:module|package) "
        r"'((?:@[\w.-]+/)?[A-Za-z_][^'/\\]*)(?:/[^']*)?'",
        "Así dice Node que no encuentra el paquete «{0}» en ninguna carpeta node_modules.",
        "¿Cómo llegan las dependencias de producción a la última etapa? Tienen que estar en un "
        "node_modules junto al programa, o en una carpeta por encima.",
    ),
    kind(
        "node-archivo", "node", r"Error(?: \[ERR_MODULE_NOT_FOUND\])?: Cannot find module '([^']+)'",
        "Así dice Node que no encuentra el archivo «{0}».",
        f"O no llegó a la imagen final, o está en otra carpeta. {PATHS}",
    ),
    kind(
        "node-modulos", "node", r"SyntaxError: Cannot use import statement outside a module"
        r"|Error \[ERR_REQUIRE_ESM\]|ReferenceError: (?:require|exports|module|__dirname) is not defined in "
        r"ES module",
        "Así dice Node que se mezclan sus dos clases de módulos: «import» y «require».",
        "Lo decide el «type» del package.json más cercano, o la extensión (.mjs, .cjs): comprueba que ese "
        "archivo llega a la imagen final.",
    ),
    kind(
        "node-sintaxis", "node",
        r"^SyntaxError: ((?!EO[LF] |Non-|Missing parentheses|Generator )[A-Z].*|missing \).*)",
        "Así dice Node que no entiende el código: {0}.",
        "Comprueba que se arranca lo compilado y no el código fuente, y que esa versión de Node lo entiende.",
    ),
    kind(
        "node-puerto-sin-permiso", "node", r"listen EACCES: permission denied (\S+)",
        "Así dice Node que no le dejan escuchar en «{0}».", PORT_LOW,
    ),
    kind(
        "node-puerto-ocupado", "node", r"listen EADDRINUSE(?:: address already in use)? (\S+)",
        "Así dice Node que el puerto de «{0}» ya está ocupado.", PORT_TAKEN,
    ),
    kind(
        "npm-sin-package", "npm", _NPM + r"enoent .*open '([^']*package\.json)'",
        "Así dice npm que no encuentra «{0}», donde se apunta qué arranca «npm start».",
        "O llega a la imagen final, junto al WORKDIR, o se arranca sin npm: ¿qué orden hay en «start»?",
    ),
    kind(
        "npm-sin-orden", "npm", _NPM + r"[Mm]issing script: \"?([\w:.-]+)\"?",
        "Así dice npm que en package.json no hay ninguna orden «{0}».",
        "Mira los «scripts» del package.json que lleva la imagen: ese nombre no está, o se escribe de otra "
        "manera.",
    ),
    kind(
        "npm-sin-cierre", "npm", _NPM + r".*(?:npm ci. command can only install|cipm can only install)",
        "Así dice «npm ci» que le falta package-lock.json, o que no concuerda con package.json.",
        "Copia los dos antes de instalar («COPY package*.json ./»), y comprueba que .dockerignore no deja "
        "fuera ninguno.",
    ),
    kind(
        "npm-json", "npm", _NPM + r"(?:code EJSONPARSE|JSON\.parse (?:Invalid|Failed))",
        "Así dice npm que no entiende package.json: no es JSON válido.",
        "Revisa sus comas, comillas y llaves, y que se copie entero: npm enseña debajo dónde se pierde.",
    ),
    kind(
        "npm-permiso", "npm", _NPM + r"(?:.*EACCES: permission denied, \w+ '|code EACCES$)",
        "Así dice npm que no le dejan escribir en una carpeta.", USER,
    ),
    kind(
        "node-falta-archivo", "node", r"ENOENT: no such file or directory, (\w+) '([^']+)'",
        "Así dice Node que no existe «{1}», que el programa quería abrir.", f"{PATHS} {LOOK_INSIDE}",
    ),
    kind(
        "node-permiso", "node", r"(?:EACCES|EPERM): (?:permission denied|operation not permitted), (\w+) "
        r"'([^']+)'",
        "Así dice Node que no le dejan usar «{1}».", USER,
    ),
    kind(
        "node-nombre", "node", r"getaddrinfo (?:ENOTFOUND|EAI_AGAIN) (\S+)",
        "Así dice Node que no encuentra ninguna máquina que se llame «{0}».", REACH,
    ),
    kind(
        "node-conexion", "node", r"connect ECONNREFUSED (\S+)",
        "Así dice Node que en «{0}» no escucha nadie.", REACH,
    ),
    kind(
        "node-memoria", "node", r"JavaScript heap out of memory|FATAL ERROR: .*Allocation failed",
        "Así dice Node que se le acabó la memoria que se permite usar.",
        "Dale más memoria al contenedor, o ajusta --max-old-space-size en NODE_OPTIONS.",
    ),
    kind(
        "node-opcion", "node", r"node: bad option: (\S+)",
        "Así dice Node que no conoce la opción «{0}».",
        "En CMD, las opciones de node van antes del archivo y las del programa, detrás.", 9,
    ),
)  # fmt: skip
