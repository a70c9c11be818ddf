# %% [markdown]
# # 02 · La solución
#
# **Qué harás.** Separar en etapas la construcción de la tienda, medir qué se gana con cada decisión y
# repetirlo a mano, como se hacía antes.
#
# **Qué aprenderás.** Qué es una etapa, qué se copia de una a otra y qué hay que volver a decir.
#
# **Qué necesitas.** Haber pasado por [01 · El problema](01_el_problema.ipynb).
#
# **Cuánto dura.** Unos 30 minutos.

# %%
from pathlib import Path
from urllib.request import urlopen

import docker
from multietapa import comparar, construir, ejercicio, motor, predecir, pregunta

TIENDA = "../apps/tienda-node"
motor()

# %% [markdown]
# Esta es la imagen del cuaderno anterior, con la que vas a comparar. Si ya la tenías, sale de la caché.

# %%
construir(TIENDA, dockerfile="Dockerfile.ingenuo", etiqueta="tienda:ingenua")

# %% [markdown]
# ## Qué es una etapa
#
# Piensa en una carpintería. Para hacer una silla hacen falta sierras, cola y un banco de trabajo; al cliente
# solo se le entrega la silla. Un Dockerfile **por etapas** hace lo mismo: cada `FROM` empieza una etapa con
# su propia base, y la última es la que se entrega.

# %%
print(Path(TIENDA, "Dockerfile").read_text("utf-8"))

# %% [markdown]
# Compáralo con el ingenuo. Hay dos novedades, y con ellas basta:
#
# - `AS build` **pone nombre** a la primera etapa, que es el Dockerfile ingenuo sin el `CMD`.
# - `COPY --from=build` trae a la segunda etapa **solo la carpeta `dist`**, que es lo que hizo la compilación.
#
# La segunda etapa parte de una base pequeña e instala solo las dependencias de producción. Lo demás de la
# primera se queda fuera.
#
# ## Predice
#
# Ya has medido la imagen ingenua y sabes qué le sobra. ¿Cuántos megabytes ocupará esta en disco?

# %%
prediccion = predecir("tienda:multietapa", hasta=1000)
prediccion

# %% [markdown]
# ## Construir las dos etapas
#
# Con el SDK no cambia nada: **una orden, un archivo**. El constructor clásico hace los pasos de las dos
# etapas, uno detrás de otro. De lo que dice, quédate con el comienzo de cada paso:

# %%
cliente = docker.from_env(timeout=600)
for mensaje in cliente.api.build(
    path=TIENDA, tag="tienda:multietapa", labels=motor().etiquetas, rm=True, decode=True
):
    if "error" in mensaje:
        raise docker.errors.BuildError(mensaje["error"], [])
    linea = mensaje.get("stream", "")
    if "step " in linea.lower():
        print(linea.strip())

# %% [markdown]
# Ahora con BuildKit, que numera las etapas desde 0 y entiende el Dockerfile como un plan: una etapa solo
# espera a otra cuando la necesita; aquí, en `COPY --from=build`. Cuando termine, fíjate en lo que dice de la
# etapa `build`: **sus capas no van en la imagen**.

# %%
construir(TIENDA, etiqueta="tienda:multietapa")

# %% [markdown]
# ## Lado a lado
#
# Cambia de medida con los botones: **Desempaquetado** es lo que ocupa en disco; **Transferencia**, lo que
# viaja comprimido hasta una máquina que aún no tiene ninguna de sus capas. La imagen nueva hay que leerla
# entera, y tarda un poco.

# %%
comparar("tienda:multietapa", "tienda:ingenua", prediccion=prediccion)

# %% [markdown]
# Dos de los beneficios se leen ahí mismo: la imagen es **más pequeña** y, como viaja menos, se **despliega
# antes** (a 20 Mb/s, cada 100 MB son 40 segundos). El tercero se ve desde dentro: ¿qué herramientas
# encontraría en cada una alguien que se colara?

# %%
BUSCAR = "which gcc g++ make python3 git curl node_modules/.bin/tsc; true"
for imagen in ("tienda:ingenua", "tienda:multietapa"):
    print(imagen, *motor().ejecutar(imagen, BUSCAR).split())

# %% [markdown]
# En la segunda no aparece ninguna. Menos programas dentro es **menos superficie de ataque**: menos
# que actualizar y menos que aprovechar. Y la tienda sigue contestando (como root, todavía: lo cambiarás en el
# último ejercicio):

# %%
contenedor = cliente.containers.run(
    "tienda:multietapa", detach=True, ports={"3000/tcp": None}, labels=motor().etiquetas
)
print(urlopen(f"{motor().direccion(contenedor)}/salud").read().decode())
contenedor.remove(force=True)

# %% [markdown]
# ## ¿Son las etapas, o es la base?
#
# Un momento: entre las dos imágenes han cambiado **dos cosas a la vez**, las etapas y la base de la última.
# Para saber qué aporta cada una hacen falta las otras dos combinaciones: una sola etapa sobre la base
# pequeña, y dos etapas con la última sobre la base grande. Antes de mirar, apuesta: ¿qué quitará más bytes,
# las etapas o la base?

# %%
ingenuo = Path(TIENDA, "Dockerfile.ingenuo").read_text("utf-8")
una_pequena = ingenuo.replace("node:14", "node:14-alpine")
construir(TIENDA, dockerfile=una_pequena, etiqueta="tienda:ingenua-pequena")

por_etapas = Path(TIENDA, "Dockerfile").read_text("utf-8")
dos_grande = por_etapas.replace("node:14-alpine", "node:14")
construir(TIENDA, dockerfile=dos_grande, etiqueta="tienda:multietapa-grande")

# %%
comparar(
    cuadro={
        ("una etapa", "base grande"): "tienda:ingenua",
        ("una etapa", "base pequeña"): "tienda:ingenua-pequena",
        ("dos etapas", "base grande"): "tienda:multietapa-grande",
        ("dos etapas", "base pequeña"): "tienda:multietapa",
    }
)

# %% [markdown]
# Míralo con calma, también en Transferencia, y marca lo que sea cierto.

# %%
pregunta("02.a")

# %% [markdown]
# En esta tienda, la base pequeña quita más bytes que las etapas. Pero no compiten: **las etapas son las que
# te dejan elegir la base**. Si tu compilación necesita `gcc` o `python3`, con una sola etapa viajan en la
# imagen, o tienes que instalarlos y borrarlos en el mismo `RUN`. Con dos, compilas donde están las
# herramientas y entregas donde no hacen falta.
#
# ## Qué se copia y qué hay que volver a decir
#
# `COPY --from` trae **archivos**. ¿Y lo que la otra etapa configuró con `ENV`, `USER` y `WORKDIR`? Lee este
# Dockerfile y predice las cuatro líneas que saldrán después: la nota, el saludo, el usuario y la carpeta.

# %%
HERENCIA = """\
FROM node:14-alpine AS primera
ENV SALUDO=hola
WORKDIR /app
RUN echo "vengo de la primera" > nota.txt
USER node

FROM node:14-alpine
COPY --from=primera /app/nota.txt /nota.txt
"""
construir(TIENDA, dockerfile=HERENCIA, etiqueta="tienda:herencia")
print(motor().ejecutar("tienda:herencia", "cat /nota.txt; echo SALUDO=$SALUDO; id -un; pwd"))

# %% [markdown]
# El archivo llegó. La variable, el usuario y la carpeta de trabajo, no: **cada etapa empieza con la
# configuración de su propia base**, y lo demás hay que volver a decirlo, también el `CMD`. Olvidarlo es muy
# corriente, y deja una imagen que **vuelve a correr como root** sin que nadie lo haya decidido.
#
# Ahora, con la tienda: lee este otro Dockerfile y marca lo que sea cierto de su imagen.

# %%
pregunta("02.b")

# %% [markdown]
# ## Cómo se hacía antes
#
# Las etapas llegaron con Docker 17.05, en 2017. Hasta entonces hacían falta **dos Dockerfiles y un guion**
# que los uniera. Vas a hacer de guion. Primer paso: la imagen ingenua hace de carpintería; se crea un
# contenedor con ella, sin arrancarlo, y se saca `dist`, que el motor entrega en un archivo tar.

# %%
import shutil
import tempfile

temporal = tempfile.TemporaryDirectory()  # la carpeta se borra sola al apagar el kernel
carpeta = Path(temporal.name)
contenedor = cliente.containers.create("tienda:ingenua", labels=motor().etiquetas)
trozos, _ = contenedor.get_archive("/app/dist")
(carpeta / "dist.tar").write_bytes(b"".join(trozos))
contenedor.remove()

# %% [markdown]
# Segundo paso: poner al lado los `package*.json`. Tercero: el segundo Dockerfile, que solo sirve en esa carpeta
# (`ADD` abre el tar al copiarlo).

# %%
for ruta in Path(TIENDA).glob("package*.json"):
    shutil.copy(ruta, carpeta)
A_MANO = """\
FROM node:14-alpine
WORKDIR /app
ADD dist.tar ./
COPY package*.json ./
RUN npm install --only=production
CMD ["npm", "start"]
"""
construir(carpeta, dockerfile=A_MANO, etiqueta="tienda:a-mano")
comparar("tienda:a-mano", "tienda:multietapa")

# %% [markdown]
# Ocupan prácticamente lo mismo: a mano también se puede. La diferencia está en lo que hay que **mantener**:
# dos recetas, un guion, una carpeta intermedia y un orden que nadie debe olvidar, frente a un archivo y una
# orden. Ese es el cuarto beneficio: **un proceso de construcción más simple**.

# %% [markdown]
# ## Cuatro consejos
#
# 1. **Pon nombre a tus etapas**: `--from=build` se entiende; `--from=0` se rompe si cambias el orden.
# 2. **Copia solo lo que haga falta** con `COPY --from=build`: una carpeta, no el sistema entero.
# 3. **Piensa en una base pequeña**, como Alpine, para la última etapa. Si copias binarios compilados,
#    comprueba que arrancan: Alpine usa otra biblioteca de C.
# 4. **Separa las dependencias** de producción de las de desarrollo: a la última etapa solo van las primeras.
#
# Los ejercicios los ponen en práctica. El primero pide algo que no has visto hecho: piensa en qué etapa está
# cada herramienta. Ya sabes: **Pista** si te atascas y **Solución** cuando lo hayas intentado.

# %%
ejercicio("02.1")

# %% plantilla="02.1"

# %%
ejercicio("02.1").comprobar(respuesta_1)

# %%
ejercicio("02.2")

# %% plantilla="02.2"

# %%
ejercicio("02.2").comprobar(respuesta_2)

# %% [markdown]
# ## Lo que has hecho
#
# - Has partido en dos etapas el Dockerfile ingenuo y has medido la diferencia.
# - Has separado lo que aportan las etapas de lo que aporta la base.
# - Sabes qué viaja de una etapa a otra (archivos) y qué no (configuración).
# - Has hecho a mano lo que ahora hace un solo archivo.
#
# Al cerrar el taller se borra lo que construiste; para hacerlo ya, `from multietapa import limpiar` y
# `limpiar()`.
#
# Para seguir leyendo, en inglés: [Multi-stage builds](https://docs.docker.com/build/building/multi-stage/) y
# [Building best practices](https://docs.docker.com/build/building/best-practices/), de Docker.
