# %% [markdown]
# # 02 · La solución
#
# **Qué harás.** Separar en etapas la construcción de la tienda, medir qué se gana con cada decisión y hacer lo
# mismo como se hacía antes, a mano.
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
from multietapa import comparar, construir, ejercicio, motor

TIENDA = "../apps/tienda-node"
motor()

# %% [markdown]
# Esta es la imagen del cuaderno anterior, con la que vas a comparar. Si ya la tenías, sale de la caché.

# %%
construir(TIENDA, dockerfile="Dockerfile.ingenuo", etiqueta="tienda:ingenua")

# %% [markdown]
# ## Qué es una etapa
#
# Piensa en un taller de carpintería. Para hacer una silla hacen falta sierras, cola y un banco de trabajo; al
# cliente solo se le entrega la silla. Un Dockerfile **por etapas** hace lo mismo: cada `FROM` empieza una etapa
# con su propia base, y la última es la que se entrega.

# %%
print(Path(TIENDA, "Dockerfile").read_text("utf-8"))

# %% [markdown]
# Compáralo con el ingenuo. Hay dos novedades, y con ellas basta:
#
# - `AS build` **pone nombre** a la primera etapa. Es el mismo Dockerfile ingenuo, sin el `CMD`.
# - `COPY --from=build` trae a la segunda etapa **solo la carpeta `dist`**, que es lo que hizo la compilación.
#
# La segunda etapa parte de una base pequeña e instala solo las dependencias de producción. Lo demás de la
# primera se queda fuera.

# %% [markdown]
# ## Predice
#
# La imagen ingenua ya la has medido. ¿Cuánto ocupará esta?

# %%
from ipywidgets import IntSlider

prediccion = IntSlider(description="MB", max=1000, step=5)
prediccion

# %% [markdown]
# ## Construir las dos etapas
#
# Con el SDK no cambia nada: **una orden, un archivo**. El constructor clásico hace los pasos de las dos
# etapas, uno detrás de otro.

# %%
cliente = docker.from_env(timeout=600)
imagen, registro = cliente.images.build(
    path=TIENDA, tag="tienda:multietapa", labels=motor().etiquetas, rm=True
)
lineas = [linea.get("stream", "").strip() for linea in registro]
print(*[linea for linea in lineas if linea.startswith("Step ")], sep="\n")

# %% [markdown]
# Ahora con BuildKit. Fíjate en que entiende el Dockerfile como un plan: lo que una etapa no necesita de la otra
# puede hacerse **a la vez**.

# %%
construir(TIENDA, etiqueta="tienda:multietapa")

# %% [markdown]
# ## Lado a lado
#
# Cambia de medida con los botones: **Desempaquetado** es lo que ocupa en disco; **Transferencia**, lo que viaja
# comprimido cada vez que se despliega.

# %%
comparar("tienda:multietapa", "tienda:ingenua", prediccion=prediccion)

# %% [markdown]
# Dos de los beneficios se leen ahí mismo: la imagen es **más pequeña** y, como viaja menos, se **despliega
# antes**. El tercero se ve desde dentro: ¿qué herramientas encontraría alguien que se colara?

# %%
BUSCAR = "which gcc g++ make python3 git curl tsc; true"
for imagen in ("tienda:ingenua", "tienda:multietapa"):
    print(imagen, *motor().ejecutar(imagen, BUSCAR).split())

# %% [markdown]
# Menos programas dentro es **menos superficie de ataque**: menos que actualizar y menos que aprovechar. Y la
# tienda sigue contestando lo mismo:

# %%
contenedor = cliente.containers.run(
    "tienda:multietapa", detach=True, ports={"3000/tcp": None}, labels=motor().etiquetas
)
print(urlopen(f"{motor().direccion(contenedor)}/salud").read().decode())
contenedor.remove(force=True)

# %% [markdown]
# ## ¿Son las etapas, o es la base?
#
# Un momento: entre las dos imágenes han cambiado **dos cosas a la vez**, las etapas y la base de la última. Para
# saber qué aporta cada una hacen falta las otras dos combinaciones: una sola etapa sobre la base pequeña, y dos
# etapas con la última sobre la base grande.

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
# En esta tienda, la base pequeña quita más bytes que las etapas. Pero no compiten: **las etapas son las que te
# dejan elegir la base**. Si tu compilación necesita `gcc` o `python3`, con una sola etapa no puedes partir de la
# pequeña. Con dos, compilas donde están las herramientas y entregas donde no hay ninguna.

# %% [markdown]
# ## Qué se copia y qué hay que volver a decir
#
# Una etapa nueva empieza de cero. `COPY --from` trae **archivos**; la configuración (`ENV`, `USER`, `WORKDIR`,
# `CMD`) es de cada etapa. ¿Qué crees que saldrá de aquí?

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

# %%
print(motor().ejecutar("tienda:herencia", "cat /nota.txt; echo SALUDO=$SALUDO; id -un; pwd"))

# %% [markdown]
# El archivo llegó. La variable, el usuario y la carpeta de trabajo, no. Es el olvido más corriente al pasar a
# varias etapas: una imagen que **vuelve a correr como root** sin que nadie lo haya decidido.

# %% [markdown]
# ## Cómo se hacía antes
#
# Antes de que existieran las etapas hacían falta **dos Dockerfiles y un guion** que los uniera. Vas a ser ese
# guion. Primer paso: la imagen ingenua hace de taller; se crea un contenedor con ella y se saca `dist`.

# %%
import io
import shutil
import tarfile
import tempfile

carpeta = Path(tempfile.mkdtemp())
taller = cliente.containers.create("tienda:ingenua", labels=motor().etiquetas)
trozos, _ = taller.get_archive("/app/dist")
with tarfile.open(fileobj=io.BytesIO(b"".join(trozos))) as archivo:
    archivo.extractall(carpeta, filter="data")
taller.remove()

# %% [markdown]
# Segundo paso: juntar lo que falta. Tercero: el segundo Dockerfile, que solo sirve en esa carpeta.

# %%
for ruta in Path(TIENDA).glob("package*.json"):
    shutil.copy(ruta, carpeta)
A_MANO = """\
FROM node:14-alpine
WORKDIR /app
COPY . .
RUN npm install --only=production
CMD ["npm", "start"]
"""
construir(carpeta, dockerfile=A_MANO, etiqueta="tienda:a-mano")
shutil.rmtree(carpeta)
comparar("tienda:a-mano", "tienda:multietapa")

# %% [markdown]
# Ocupan prácticamente lo mismo: a mano también se puede. La diferencia está en lo que hay que **mantener**: dos
# recetas, un guion, una carpeta intermedia y un orden que nadie debe olvidar, frente a un archivo y una orden.
# Ese es el cuarto beneficio: **un proceso de construcción más simple**.

# %% [markdown]
# ## Cuatro consejos
#
# 1. **Pon nombre a tus etapas**: `--from=build` se entiende; `--from=0` se rompe si cambias el orden.
# 2. **Copia solo lo que haga falta** con `COPY --from`: una carpeta, no el sistema entero.
# 3. **Piensa en una base pequeña**, como Alpine, para la última etapa.
# 4. **Separa las dependencias** de producción de las de desarrollo.
#
# Los ejercicios los ponen en práctica. Ya sabes: `.pista()` si te atascas y `.solucion()` cuando lo hayas
# intentado, en una celda nueva.

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
# Cuando termines, `limpiar()` borra lo que construiste en esta sesión; también se borra al cerrar el taller.
