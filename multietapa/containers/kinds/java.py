"""Cómo muere Java."""

from __future__ import annotations

from multietapa.containers.kinds.kind import PATHS, PORT_LOW, PORT_TAKEN, Kind, kind

JAVA: tuple[Kind, ...] = (
    kind(
        "java-jar", "java", r"^Error: Unable to access jarfile (\S+)",
        "Así dice Java que no encuentra «{0}».", f"O no llegó a la imagen final, o está en otra carpeta. "
        f"{PATHS}",
    ),
    kind(
        "java-version", "java",
        r"UnsupportedClassVersionError: (\S+) .*\(class file version ([\d.]+)\).* up to ([\d.]+)",
        "Así dice Java que «{0}» se compiló con un JDK más nuevo (formato {1}) que este Java (hasta {2}).",
        "La etapa que compila y la que ejecuta tienen que llevar la misma versión, o compila con "
        "«--release».",
    ),
    kind(
        "java-principal", "java", r"^Error: Could not find or load main class (\S+)",
        "Así dice Java que no encuentra la clase «{0}», por la que tenía que empezar.",
        "Comprueba su nombre con su paquete, y que la ruta de «-cp» lleva a donde están las clases en la "
        "imagen "
        "final.", root=True,
    ),
    kind(
        "java-falta-clase", "java",
        r"java\.lang\.(?:NoClassDefFoundError|ClassNotFoundException): (\S+)",
        "Así dice Java que el programa usa la clase «{0}» y no la encuentra.",
        "Falta una de sus bibliotecas: ¿llegan a la última etapa todos los .jar, y están en «-cp»?",
    ),
    kind(
        "java-manifiesto", "java", r"^no main manifest attribute, in (\S+)",
        "Así dice Java que «{0}» no apunta por qué clase se empieza.",
        "O ese .jar no es el que se arranca, o le falta Main-Class en su manifiesto: puedes nombrar la "
        "clase con «java -cp».",
    ),
    kind(
        "java-modulo", "java", r"java\.lang\.module\.FindException: Module (\S+) not found",
        "Así dice Java que falta el módulo «{0}».",
        "Si el Java de la imagen lo hizo jlink, ese módulo tiene que ir en su lista.",
    ),
    kind(
        "java-memoria", "java", r"java\.lang\.OutOfMemoryError|insufficient memory for the Java Runtime",
        "Así dice Java que se le acabó la memoria.",
        "Dale más memoria al contenedor, o ajusta -Xmx (o -XX:MaxRAMPercentage).",
    ),
    kind(
        "java-puerto", "java", r"java\.net\.BindException: (.+)",
        "Así dice Java que no puede escuchar en su puerto: {0}.", f"{PORT_TAKEN} {PORT_LOW}",
    ),
)  # fmt: skip
