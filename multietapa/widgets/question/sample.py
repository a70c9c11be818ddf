"""Preguntas de muestra: para mirar el widget sin motor y para las pruebas que lo dibujan."""

from __future__ import annotations

from multietapa.widgets.question.question import QuestionView
from multietapa.widgets.question.value import Choice, Question

ONE = Question(
    "99.a",
    "¿Dónde queda lo que borra un `RUN rm` en una línea nueva?",
    (
        Choice("a", "En ningún sitio: se borra también de la capa de abajo.", False, "Una capa no se toca."),
        Choice("b", "En la capa de abajo, que viaja entera.", True, "`rm` solo añade una marca encima."),
        Choice("c", "En la caché de quien construye, `sin <viajar>`.", False, "La caché no es la imagen."),
    ),
    body=("La imagen parte de `tienda:ingenua`.", "Se construye con este Dockerfile."),
    code="FROM tienda:ingenua\nRUN rm -rf node_modules",
)
"""Una sola respuesta."""
SEVERAL = Question(
    "99.b",
    "¿Qué trae `COPY --from=build /app /app`?",
    (
        Choice("a", "Los archivos de `/app`.", True, "Se copian archivos."),
        Choice("b", "El `ENV` de la etapa `build`.", False, "La configuración es de cada etapa."),
        Choice("c", "Sus permisos.", True, "Van con cada archivo."),
        Choice("d", "Su `CMD`.", False, "También hay que volver a decirlo."),
    ),
    several=True,
)
"""Varias respuestas."""


def views() -> dict[str, QuestionView]:
    """El widget en cada momento que merece mirarse, por su nombre."""
    shown = {
        "sin contestar": QuestionView(ONE),
        "varias, sin contestar": QuestionView(SEVERAL),
        "equivocada": QuestionView(ONE),
        "falta una": QuestionView(SEVERAL),
        "acertada": QuestionView(ONE),
    }
    shown["equivocada"].answer("a")
    shown["falta una"].answer("a")
    shown["acertada"].answer("b")
    return shown
