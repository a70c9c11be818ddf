# %% [markdown]
# # 03 · Etapas a fondo
#
# **Qué harás.** Romper un Dockerfile insertando una etapa, sacar de uno solo las imágenes de desarrollo, pruebas y
# producción, y entregar sin querer una tienda que cobra de más.
#
# **Qué aprenderás.** Quién necesita a quién, qué etapas no se hacen nunca y cuáles van a la vez.
#
# **Qué necesitas.** Haber pasado por [02 · La solución](02_la_solucion.ipynb) y un motor: aquí no valen las
# grabaciones. En Binder funciona todo, más despacio.
#
# **Cuánto dura.** Unos 35 minutos.

# %%
import shutil
import tempfile
from pathlib import Path

from multietapa import construir, ejercicio, etapas, motor, pregunta
from multietapa.errors import BuildError

TIENDA = "../apps/tienda-node"
motor()

# %% [markdown]
# ## ¿Número o nombre?
#
# Cada `FROM` empieza una etapa, y cada etapa tiene un número, desde 0. Con el número basta para copiar de ella:

# %%
NUMERO = """\
FROM node:14-alpine
RUN echo "la tienda, compilada" > /salida.txt
FROM node:14-alpine
COPY --from=0 /salida.txt /
"""
construir(TIENDA, dockerfile=NUMERO, etiqueta="numero:1")
print(motor().ejecutar("numero:1", "cat /salida.txt"))

# %% [markdown]
# Ahora alguien añade delante una etapa que reúne las licencias. No toca nada más. Predice: ¿qué dirá
# `/salida.txt`? ¿O no se construirá?

# %%
LICENCIAS = """\
FROM node:14-alpine
RUN echo "licencias de terceros" > /salida.txt
"""
construir(TIENDA, dockerfile=LICENCIAS + NUMERO, etiqueta="numero:2")
print(motor().ejecutar("numero:2", "cat /salida.txt"))

# %% [markdown]
# Se construyó, sin ningún error, **con otra cosa dentro**: el 0 es ahora la etapa nueva. Solo lo delata una frase de
# la vista: la etapa 1, la que compila, ya no la usa nadie.
#
# Con `AS` se le pone nombre, y un nombre no se mueve. Y hay un tercer sitio del que copiar: **una imagen de fuera**,
# sin hacer ninguna etapa con ella. Mira de dónde sale cada archivo y predice las dos líneas.

# %%
NOMBRE = f"""{LICENCIAS}
FROM node:14-alpine AS compilar
RUN echo "la tienda, compilada" > /salida.txt
FROM node:14-alpine
COPY --from=compilar /salida.txt /
COPY --from=node:24-alpine /usr/local/lib/node_modules/npm/package.json /npm.json
"""
construir(TIENDA, dockerfile=NOMBRE, etiqueta="nombre:1")
VERSIONES = "node -p \"'Node ' + process.version + ' y un npm ' + require('/npm.json').version\""
print(motor().ejecutar("nombre:1", f"cat /salida.txt; {VERSIONES}"))

# %% [markdown]
# El Node es el de la base, 14; de la otra imagen llegó **un archivo** y nada más. Así se toma un programa o una
# configuración ya hechos. Cuidado con los binarios: tienen que entenderse con la biblioteca de C de tu base.
#
# ## Una etapa sobre otra
#
# Un `FROM` también puede nombrar **otra etapa**: empieza donde ella acaba, con todas sus capas y también con su
# configuración. Esta es la de desarrollo de la tienda, con todas las dependencias y el código:

# %%
DEV = """\
FROM node:14-alpine AS dev
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
CMD ["npm", "run", "dev"]
"""

# %% [markdown]
# De ella salen dos ramas: una pasa las pruebas y otra compila. Y `prod` parte otra vez de la base y copia lo compilado.
# Antes de mirar el dibujo, predice: ¿cuáles de las cuatro hacen falta para `prod`? `etapas` no construye nada, solo lee
# el texto. Cambia el objetivo en el dibujo y mira qué cambia.

# %%
ENTORNOS = DEV + """\
FROM dev AS pruebas
RUN npm test && touch /pasadas
FROM dev AS compilacion
RUN npm run build
FROM node:14-alpine AS prod
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
COPY --from=compilacion /app/dist ./dist
CMD ["node", "dist/server.js"]
"""
etapas(TIENDA, dockerfile=ENTORNOS)

# %% [markdown]
# ## Un archivo, tres imágenes
#
# Con `objetivo` (en la orden `docker build`, `--target`; en el SDK, `target`) se construye hasta una etapa y **esa es la
# imagen**; sin él, hasta la última. Una sola receta sirve para trabajar, para probar y para entregar. Empieza por la de
# trabajar, que instala todas las dependencias y tarda un poco:

# %%
construir(TIENDA, dockerfile=ENTORNOS, objetivo="dev", etiqueta="tienda:dev")

# %% [markdown]
# ## Un céntimo de más
#
# Alguien se equivoca en la cuenta del carrito. Hay una prueba que lo encontraría, y una etapa que pasa las pruebas.
# Hazlo en una copia de la tienda y construye `prod` con ella. Predice: ¿habrá imagen? Verás las etapas en vivo.

# %%
temporal = tempfile.TemporaryDirectory()  # la carpeta se borra sola al apagar el kernel
ROTA = Path(shutil.copytree(TIENDA, Path(temporal.name, "tienda-node")))
carrito, CUENTA = ROTA / "src/cart.ts", "precioCentimos * cantidad"
carrito.write_text(carrito.read_text("utf-8").replace(CUENTA, f"{CUENTA} + 1"), "utf-8")
construir(ROTA, dockerfile=ENTORNOS, objetivo="prod", etiqueta="tienda:rota", vista="etapas")

# %%
PEDIDO = "require('./dist/cart').quoteCart([{id: 'taza-ballena', cantidad: 2}]).subtotalCentimos"
print("Dos tazas de 12,50 €, en céntimos:", motor().ejecutar("tienda:rota", f'node -p "{PEDIDO}"'))

# %%
pregunta("03.a")

# %% [markdown]
# Es la confusión más corriente con las etapas: **una etapa que nadie necesita no se hace nunca**, aunque esté en el
# archivo, y su fallo no para nada. No es un descuido de BuildKit: es lo que hace que `objetivo` sea rápido. Para que
# se pasen hay que necesitarlas. La primera manera es **pedirlas**, en un paso aparte antes de entregar:

# %%
try:
    construir(ROTA, dockerfile=ENTORNOS, objetivo="pruebas", etiqueta="tienda:pruebas")
except BuildError as fallo:
    print(fallo.what, *fallo.log[-8:], sep="\n")

# %% [markdown]
# Ahora sí. Pero depende de que alguien se acuerde de pedirlas. La segunda manera las pone **en el camino**: `prod`
# copia un archivo, vacío, que solo existe si pasaron. Es una **puerta**. Aquí se construye con la tienda buena; después,
# cambia `TIENDA` por `ROTA` y comprueba que no se abre.

# %%
PUERTA = f"{ENTORNOS}COPY --from=pruebas /pasadas /\n"
construir(TIENDA, dockerfile=PUERTA, etiqueta="tienda:prod", vista="etapas")

# %% [markdown]
# Si no quieres ni ese archivo en la imagen, la puerta puede ser la etapa de la que parte `compilacion` (`FROM pruebas`) o
# un `RUN --mount=type=bind,from=pruebas`. Y mira la franja de tiempos de la primera vez: `pruebas` y `compilacion` no se
# necesitan la una a la otra, y van **a la vez**.
#
# ## Con el reloj delante
#
# ¿Cuánto se gana? Dos compilaciones se reparten los procesadores que haya; con trabajos que solo **esperan**, como una
# descarga, se ve limpio. Aquí hay tres, de tres segundos. El **constructor clásico**, el que usa el SDK si no se le dice
# otra cosa, lee el mismo archivo de otra manera. Predice los segundos de los dos.

# %%
RELOJ = """\
FROM node:14-alpine AS pagina
RUN sleep 3 && echo "la página" > /pagina.txt
FROM node:14-alpine AS api
RUN sleep 3 && echo "la API" > /api.txt
FROM node:14-alpine AS informe
RUN sleep 3 && echo "nadie me copia" > /informe.txt
FROM node:14-alpine
COPY --from=pagina /pagina.txt /
COPY --from=api /api.txt /
"""
CON = {"dockerfile": RELOJ, "sin_cache": True}
moderno = construir(TIENDA, etiqueta="reloj:buildkit", vista="etapas", **CON)
clasico = construir(TIENDA, etiqueta="reloj:clasico", constructor="clasico", vista=False, **CON)

# %%
etapas(moderno, clasico)

# %% [markdown]
# BuildKit lee el archivo como un **plan**: hace lo que hace falta, y a la vez lo que no se espera. Por eso el reloj
# marca menos que la suma de sus trabajos. El clásico lo lee como una **lista**: hace todas las etapas hasta el
# objetivo, en fila, también `informe`, que nadie usa. Con él, el céntimo de más no habría pasado: recetas que contaban
# con eso dejaron de probar, sin avisar, al cambiar de constructor. (Podman construye siempre con el suyo.)

# %%
pregunta("03.b")

# %% [markdown]
# ## Elegir la base con una variable
#
# Un `ARG` puede ir **antes del primer `FROM`**, y entonces vale en todos los `FROM`. ¿Y dentro de una etapa? Predice lo
# que habrá entre los corchetes cada vez.

# %%
ALCANCE = """\
ARG NODE=14
FROM node:${NODE}-alpine AS primera
RUN echo "sin pedirlo: [$NODE]" > /uno.txt
FROM node:${NODE}-alpine
ARG NODE
RUN echo "pidiéndolo: [$NODE], con Node $(node --version)" > /dos.txt
COPY --from=primera /uno.txt /
"""
for argumentos in ({}, {"NODE": 24}):
    construir(TIENDA, dockerfile=ALCANCE, etiqueta="alcance:1", argumentos=argumentos)
    print(motor().ejecutar("alcance:1", "cat /uno.txt /dos.txt"))

# %% [markdown]
# La base cambió en las dos etapas con un solo argumento. Pero dentro de la primera, `$NODE` **no vale nada**, sin
# ningún error: la etapa no lo pidió. Con `ARG NODE`, sin valor, recibe el de arriba.
#
# Si una variable elige la base, también puede elegir **la etapa**. Cambia `dev` por `prod` y mira qué deja de hacer
# falta:

# %%
ELEGIR = f"ARG ENTORNO=prod\n{PUERTA}FROM ${{ENTORNO}}\n"
etapas(TIENDA, dockerfile=ELEGIR, argumentos={"ENTORNO": "dev"})

# %%
pregunta("03.c")

# %% [markdown]
# ## Tu turno
#
# En el primer ejercicio, la comprobación estropea la tienda a propósito y mira qué objetivos se construyen; tarda,
# porque pasa las pruebas varias veces. En el segundo construye tu respuesta con dos versiones de Node.

# %%
ejercicio("03.1")

# %% plantilla="03.1"

# %%
ejercicio("03.1").comprobar(respuesta_1)

# %%
ejercicio("03.2")

# %% plantilla="03.2"

# %%
ejercicio("03.2").comprobar(respuesta_2)

# %% [markdown]
# ## Lo que has hecho
#
# - Has visto que un número de etapa se mueve y un nombre no, y has copiado de una imagen de fuera.
# - Has sacado de un archivo las imágenes de desarrollo, pruebas y producción, una etapa sobre otra.
# - Has entregado un fallo porque nadie necesitaba las pruebas, y has puesto una puerta para que no vuelva a pasar.
# - Has medido qué hace cada constructor y qué va a la vez.
# - Sabes dónde vale un `ARG`.
#
# Al cerrar el taller se borra lo que construiste; para hacerlo ya, `from multietapa import limpiar` y `limpiar()`.
#
# Para seguir leyendo, en inglés: [Multi-stage builds](https://docs.docker.com/build/building/multi-stage/) y
# [Variables](https://docs.docker.com/build/building/variables/), de Docker.
