# %% [markdown]
# # 06 · Despliegues rápidos
#
# **Qué harás.** Subir imágenes a un registro, desplegarlas de verdad a un nodo vacío por un enlace con velocidad
# y cronometrar hasta que contestan.
#
# **Qué aprenderás.** Qué viaja al desplegar, en qué se va el tiempo y por qué el orden de las instrucciones decide
# lo que vuelve a viajar.
#
# **Qué necesitas.** Haber pasado por [02 · La solución](02_la_solucion.ipynb) y un motor: aquí no valen las
# grabaciones. En Binder funciona todo, más despacio.
#
# **Cuánto dura.** Unos 25 minutos.

# %%
import shutil
import tempfile
from pathlib import Path

import docker
from multietapa import comparar, construir, desplegar, ejercicio, motor, pregunta

TIENDA = "../apps/tienda-node"
motor()

# %%
construir(TIENDA, dockerfile="Dockerfile.ingenuo", etiqueta="tienda:ingenua")
construir(TIENDA, etiqueta="tienda:multietapa")

# %% [markdown]
# Son las dos tiendas de siempre: si ya las tenías, salieron de la caché.
#
# ## Lo que viaja no es lo que ocupa
#
# De una imagen importan dos tamaños. **Desempaquetado** es lo que ocupa en el disco de quien la usa.
# **Transferencia**, lo que pasa por la red hasta quien no tiene ninguna de sus capas: cada una viaja comprimida, en
# un solo archivo. Cambia de medida con los botones y compáralas.

# %%
comparacion = comparar("tienda:ingenua", "tienda:multietapa")
comparacion

# %% [markdown]
# ## Un registro
#
# Al desplegar, una imagen no va de tu máquina al servidor: va a un **registro**, y cada servidor la baja de ahí.
# Docker Hub es uno. `motor().registro()` pone en marcha otro, pequeño pero de verdad: un contenedor más en tu motor.

# %%
registro = motor().registro()
registro

# %% [markdown]
# La dirección va **delante del nombre** de la imagen: así sabe el motor a qué registro subirla. Con el SDK se le
# pone ese nombre con `tag` y se sube con `push`, que va contando lo que pasa con cada capa. (Podman pide TLS hasta en
# 127.0.0.1, y el SDK no sabe decirle que no: con él, sigue en «Un nodo vacío, de verdad».)

# %%
cliente = docker.from_env(timeout=600)
nombre = f"{registro.direccion}/tienda"
cliente.images.get("tienda:multietapa").tag(nombre, tag="v1")


def subir(etiqueta):
    for mensaje in cliente.images.push(nombre, tag=etiqueta, stream=True, decode=True):
        if "error" in mensaje:
            raise RuntimeError(mensaje["error"])
        if mensaje.get("status") in ("Pushed", "Layer already exists"):
            print(mensaje["id"], mensaje["status"])


subir("v1")

# %% [markdown]
# Una línea por capa. Ejecuta la celda siguiente, que sube lo mismo otra vez, y compara lo que dice.

# %%
subir("v1")
registro.imagenes

# %% [markdown]
# *Layer already exists*: la capa ya está. Cada una se guarda con su **resumen** (su sha256), que se calcula de su
# contenido; el registro no necesita recibirla para saber que es la misma. ¿Y si cambia una línea del código?
# Hazlo en una copia de la tienda:

# %%
temporal = tempfile.TemporaryDirectory()  # la carpeta se borra sola al apagar el kernel
NUEVA = Path(temporal.name, "tienda-node")
shutil.copytree(TIENDA, NUEVA)
catalogo = NUEVA / "src/catalogue.ts"
texto = catalogo.read_text("utf-8").replace("y los lunes.", "y los martes.")
catalogo.write_text(texto, "utf-8")
construir(NUEVA, etiqueta="tienda:multietapa-2")
cliente.images.get("tienda:multietapa-2").tag(nombre, tag="v2")
subir("v2")

# %% [markdown]
# Unas capas ya estaban y otras suben de nuevo, aunque solo cambió una palabra. Con eso a la vista:

# %%
pregunta("06.a")

# %% [markdown]
# Bajarla es lo mismo al revés. Como `images.pull` calla hasta el final, se usa `api.pull`, que es quien hace su
# trabajo:

# %%
cliente.images.remove(f"{nombre}:v1")
for mensaje in cliente.api.pull(nombre, tag="v1", stream=True, decode=True):
    print(mensaje.get("id", ""), mensaje["status"])

# %% [markdown]
# No ha bajado nada que pese: tu motor ya tenía las capas. Por eso medir un despliegue en la máquina donde se
# construyó **engaña**. Hace falta otra, que no tenga nada.
#
# ## Un nodo vacío, de verdad
#
# `desplegar` sube la imagen al registro y, desde ahí, la lleva a un **nodo** sin ninguna de sus capas: un segundo
# motor o, donde no puede haberlo, el cliente del taller (la vista dice cuál). Los bytes pasan por un enlace que va
# de verdad a esa velocidad: no es una división. El reloj se para en la primera respuesta de la tienda.

# %%
primero = desplegar("tienda:multietapa", mbps=20, ruta="/salud")
primero

# %% [markdown]
# Lee las fases. **Transferir** se lleva casi todo; abrir las capas, crear el contenedor, arrancarlo y que conteste
# son segundos sueltos. Por eso pesa tanto lo que viaja. (Los bytes que viajaron no son exactamente los de `comparar`:
# cada motor comprime a su manera.) Haz la cuenta:

# %%
pregunta("06.b")

# %% [markdown]
# ## Predice la otra
#
# Con la misma cuenta se calcula cuánto tardarían como poco los bytes de cada una. Es un **cálculo**, no una medida:
# falta todo lo demás. A 20 Mb/s, con la ingenua habría que esperar un par de minutos; para no hacerte esperar, mide
# las dos a **100 Mb/s**, cinco veces más rápido. ¿Será también la espera cinco veces más corta?

# %%
for imagen, bytes_ in comparacion.transferencia.items():
    print(f"{imagen}: cálculo a 20 Mb/s, {bytes_ * 8 / 20e6:.0f} s; a 100, {bytes_ * 8 / 100e6:.0f} s")
par = desplegar("tienda:multietapa", "tienda:ingenua", mbps=100, ruta="/salud")
par

# %% [markdown]
# Es el **despliegue más rápido** que prometían las etapas, medido. Al ir cinco veces más deprisa, transferir tarda
# cinco veces menos, pero las otras fases tardan lo mismo: cuanto más rápida es la red, más cuentan ellas.
#
# Debajo de lo medido hay otro bloque, marcado como **cálculo**. Mueve la velocidad, las réplicas y los despliegues
# al mes: ¿cuánto se espera al mes con cada imagen? ¿Y a 1000 Mb/s?
#
# ## ¿Y si el nodo ya tiene la base?
#
# Un servidor casi nunca está vacío. Con `frio=False`, el nodo se queda con lo que va recibiendo. Primero llega una
# aplicación vecina, mínima, que parte de `node:14` como la ingenua; detrás, las dos tiendas. Antes de ejecutar la
# celda, apuesta: ¿por cuál de las dos tiendas viajarán menos bytes?

# %%
VECINA = """\
FROM node:14
CMD ["node", "-e", "require('http').createServer((_, r) => r.end('hola')).listen(3000)"]
"""
construir(TIENDA, dockerfile=VECINA, etiqueta="vecina:1")
vecinas = desplegar("vecina:1", "tienda:ingenua", "tienda:multietapa", mbps=200, frio=False)
vecinas.bytes_viajados

# %%
pregunta("06.c")

# %% [markdown]
# Aquí la ventaja ha desaparecido: una base que **ya está en el nodo** no vuelve a viajar, y una pequeña y distinta,
# sí. No es un argumento para quedarse con la grande: ocupa disco en cada nodo, hay que traerla entera cuando se
# actualiza y lleva dentro todo lo demás. Pero al dar una cifra hay que decir siempre **qué tenía ya el nodo**.
#
# ## La segunda versión
#
# Lo que más se repite no es el primer despliegue, sino los siguientes. La última etapa de la tienda copia `dist`
# antes de instalar. Esta otra lo hace al revés:

# %%
compilar, _, _ = Path(TIENDA, "Dockerfile").read_text("utf-8").partition("# Etapa de producción")
ORDENADA = f"""{compilar}
FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm ci --only=production
COPY --from=build /app/dist ./dist
CMD ["npm", "start"]
"""
construir(TIENDA, dockerfile=ORDENADA, etiqueta="tienda:ordenada")
construir(NUEVA, dockerfile=ORDENADA, etiqueta="tienda:ordenada-2")

# %% [markdown]
# Las cuatro van, una detrás de otra, a un nodo que se queda con lo que recibe: de cada orden, la versión 1 y la 2, en
# la que cambia una palabra. Predice cuánto viajará de cada versión 2.

# %%
versiones = ("tienda:multietapa", "tienda:multietapa-2", "tienda:ordenada", "tienda:ordenada-2")
viajan = desplegar(*versiones, mbps=100, frio=False, ruta="/salud").bytes_viajados
for imagen, cuantos in viajan.items():
    print(f"{imagen:20} {cuantos / 1e3:10.1f} kB")

# %% [markdown]
# La misma tienda, las mismas dependencias y el mismo cambio. Con `dist` delante, `npm install` se repite y su capa
# vuelve a viajar; con `dist` detrás, viajan unos kB. Regla: **lo que cambia poco, primero; lo que cambia
# siempre, al final**.
#
# ## Las dependencias, aparte
#
# `ORDENADA` cambia otra cosa. `npm install` puede elegir versiones nuevas y retocar `package-lock.json`; **`npm ci`**
# instala exactamente lo que ese archivo fija, y falla si no concuerda con `package.json`. Dos construcciones no
# darán dependencias distintas.
#
# Con `--only=production` se quedan fuera las de desarrollo. Es la opción del npm 6 que trae Node 14; desde npm 7 se
# escribe **`--omit=dev`**. Compruébalo antes de copiar una receta de otro sitio: cada npm pasa por alto, sin fallar,
# las opciones que no conoce.

# %% [markdown]
# ## Tu turno
#
# En el primer ejercicio cuentan los bytes que vuelven a viajar, y parte de otro Dockerfile; en el segundo, los
# segundos de un despliegue de verdad a 20 Mb/s. La comprobación tarda lo que tarde el despliegue, pero si ve que no llega, corta.

# %%
ejercicio("06.1")

# %% plantilla="06.1"

# %%
ejercicio("06.1").comprobar(respuesta_1)

# %%
ejercicio("06.2")

# %% plantilla="06.2"

# %%
ejercicio("06.2").comprobar(respuesta_2)

# %% [markdown]
# ## Lo que has hecho
#
# - Has subido y bajado imágenes con el SDK, y has visto que las capas que ya están no viajan.
# - Has desplegado la tienda ingenua y la de etapas a un nodo vacío, y sabes en qué fase se va el tiempo.
# - Has comprobado que una base que el nodo ya tiene cambia las cuentas.
# - Has ordenado la última etapa para que de una versión a la siguiente viajen unos kB.
#
# Al cerrar el taller se borra lo que construiste, también el registro; para hacerlo ya, `from multietapa import
# limpiar` y `limpiar()`.
