"""Lo que dice la consola cuando no puede con una orden."""

from __future__ import annotations

from multietapa.containers.kinds.kind import PATHS, USER, Kind, kind

#: Herramientas que una aplicación de Node declara en ``devDependencies``.
_TOOLS = (
    "tsc|tsx|ts-node|eslint|prettier|mocha|jest|vitest|nodemon|webpack|vite|rollup|esbuild|babel|parcel|nest|"
    "next|nuxt|ng|react-scripts|vue-cli-service|rimraf|cross-env"
)
_SH = r"^(?:\S*/)?(?:ba|da|a|z)?sh: (?:(?:line )?\d+: )?"
_SCRIPT = r"^\S+: (?:(?:line )?\d+: )?"

SHELL: tuple[Kind, ...] = (
    kind(
        "herramienta", "npm", _SH + rf"({_TOOLS}): (?:command )?not found",
        "Así dice la consola que no encuentra «{0}», que suele ser una dependencia de desarrollo.",
        "npm no instala las de desarrollo con --production (o --only=production), ni si NODE_ENV vale "
        "«production» en esa etapa. ¿Es ese el paso que las necesita?",
        1, 127,
    ),
    kind(
        "env-no-existe", "shell", r"^(?:\S*/)?env: (?:can't execute )?['‘]?([^'’:\s]+)['’]?: No such file",
        "Así dice «env» que no existe el programa «{0}», con el que tenía que arrancar.",
        "Ese programa tiene que estar en la imagen final, en una carpeta del PATH: mira de qué base "
        "parte.", 127,
    ),
    kind(
        "cmd-comillas", "shell", _SCRIPT + r"(\[[^\s:]*): (?:command )?not found$",
        "Así dice la consola que «{0}» no es ninguna orden: los corchetes se tomaron por parte de ella.",
        "CMD [...] y ENTRYPOINT [...] son JSON: las comillas tienen que ser dobles. Si no, van enteros a la "
        "consola.",
        1, 127,
    ),
    kind(
        "sh-no-existe", "shell", _SCRIPT + r"([^\s:]+): (?:command )?not found$",
        "Así dice la consola que no existe la orden «{0}».",
        "Esa orden tiene que estar en la imagen final, en una carpeta del PATH: cada etapa lleva solo los "
        "programas de su base.",
        1, 127,
    ),
    kind(
        "sh-no-ejecuta", "shell", _SCRIPT + r"([^\s:]+): Permission denied$",
        "Así dice la consola que no puede ejecutar «{0}».",
        f"O le falta el permiso de ejecución (COPY --chmod=755 lo pone), o ese usuario no llega a él. "
        f"{USER}", 126,
    ),
    kind(
        "sh-no-escribe", "shell", _SCRIPT + r"(?:can(?:'t|not) create )?([^\s:]+): Permission denied$",
        "Así dice la consola que no le dejan usar «{0}».", USER,
    ),
    kind(
        "sh-no-abre", "shell",
        _SCRIPT + r"can(?:'t|not) open '?([^\s:']+)'?(?:: No such file.*)?$|" + _SH
        + r"([^\s:]+): No such file or directory$",
        "Así dice la consola que no encuentra el guion que tenía que leer.",
        f"O no llegó a la imagen final, o está en otra carpeta. {PATHS}",
    ),
    kind(
        "sh-sintaxis", "shell", r"[Ss]yntax error(?: near unexpected token (\S+)|: (.+))",
        "Así dice la consola que no entiende una orden.",
        "Revisa las comillas, y cada «if», «for» o paréntesis sin cerrar. Un guion con cosas de bash "
        "necesita bash.",
    ),
)  # fmt: skip
