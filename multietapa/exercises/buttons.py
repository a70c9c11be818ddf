"""Los botones Comprobar, Pista y Solución de un ejercicio.

Hacen lo mismo que las tres llamadas. Comprobar trabaja en un hilo suyo: así el botón Cancelar de la
construcción, y cualquier otro, se atienden mientras tanto. Lo que enseña va debajo de los botones, y no a una
celda.
"""

from __future__ import annotations

import html
import threading
from collections.abc import Callable
from contextvars import Context
from typing import Any

import ipywidgets

from multietapa.errors import MultietapaError
from multietapa.exercises.outcome import Resultado, Texto
from multietapa.widgets.adapters.anywidget import Bundle, with_twins
from multietapa.widgets.adapters.ipykernel import listen_while_busy
from multietapa.widgets.inline import inline
from multietapa.widgets.where import Place, placed

_CHECK, _BUSY = "Comprobar", "Comprobando…"
_MISSING = object()


class Buttons(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets no publica tipos
    """Los tres botones de un ejercicio y, debajo, lo último que contestaron.

    ``id`` es su número; ``name``, la variable del cuaderno con la respuesta, y ``value`` da lo que vale
    (o lo que se le pasa, si no existe). ``check``, ``hint`` y ``solution`` son las tres llamadas.
    """

    def __init__(
        self,
        id: str,
        *,
        name: str,
        value: Callable[[str, Any], Any],
        check: Callable[[Any], Resultado],
        hint: Callable[[], Texto],
        solution: Callable[[], Texto],
    ) -> None:
        self._id, self._name, self._value, self._ask = id, name, value, check
        self.worker: threading.Thread | None = None
        self._check = _button(_CHECK, f"Comprueba el ejercicio {id} con lo que vale {name}", "primary")
        self._hint = _button("Pista", f"Una pista del ejercicio {id}")
        self._solution = _button("Solución", f"Una solución del ejercicio {id}")
        self._status, self._result, self._aid = (ipywidgets.HTML() for _ in range(3))
        self._views = ipywidgets.VBox()
        row = ipywidgets.HBox([self._check, self._hint, self._solution])
        super().__init__([row, self._views, self._status, self._result, self._aid])
        self._check.on_click(lambda _: self._start())
        self._hint.on_click(lambda _: self._help(html_of(hint())))
        self._solution.on_click(lambda _: self._help(html_of(solution())))
        for button in row.children:
            listen_while_busy(button.comm)

    @property
    def answered(self) -> str:
        """Lo que contestó la última comprobación y, detrás, la última pista o solución; en HTML."""
        return f"{self._result.value}{self._aid.value}"

    def _start(self) -> None:
        if self.worker is not None and self.worker.is_alive():
            return  # uno cada vez
        answer = self._value(self._name, _MISSING)
        if answer is _MISSING:
            self._tell(
                f"<p>Todavía no hay ninguna respuesta: escríbela en su celda, ejecútala (así vale "
                f"<code>{self._name}</code>) y vuelve a pulsar.</p>"
            )
            return
        self._check.description = _BUSY
        self._views.children = ()
        self._tell("")
        self._help("")
        # Un contexto vacío: el de la celda diría que lo de este hilo es de ella.
        self.worker = threading.Thread(
            target=Context().run, args=(self._work, answer), name=f"multietapa-{self._id}", daemon=True
        )
        self.worker.start()

    def _work(self, answer: Any) -> None:
        try:
            with placed(Place(self._add, self._say)):
                self._tell(self._ask(answer)._repr_html_())
        except MultietapaError as problem:
            self._tell(f"<p>{html.escape(str(problem))}</p>")
        except Exception as problem:  # noqa: BLE001  en un hilo no habría quien lo viera
            self._tell(f"<p>No se pudo comprobar: {html.escape(repr(problem))}</p>")
        finally:
            self._check.description = _CHECK

    def _add(self, view: Any) -> None:
        self._views.children = (*self._views.children, view)

    def _say(self, markup: str) -> None:
        self._status.value = markup

    def _tell(self, markup: str) -> None:
        self._result.value = _announced(markup)

    def _help(self, markup: str) -> None:
        self._aid.value = _announced(markup)

    def _repr_mimebundle_(self, **kwargs: Any) -> Bundle:
        calls = f'ejercicio("{self._id}").comprobar({self._name})', ".pista()", ".solucion()"
        shown = " · ".join(f"<code>{html.escape(call)}</code>" for call in calls)
        bundle = super()._repr_mimebundle_(**kwargs)
        return with_twins((bundle or {}, {}), text=" · ".join(calls), html=f"<p>{shown}</p>")


def html_of(said: Texto) -> str:
    """Una pista o una solución, en HTML."""
    block = f"<pre><code>{html.escape(said.code.rstrip())}</code></pre>" if said.code else ""
    paragraphs = "".join(f"<p>{inline(part)}</p>" for part in said.body.strip().split("\n\n"))
    return f"<p><strong>{html.escape(said.title)}</strong></p>{block}{paragraphs}"


def _announced(markup: str) -> str:
    """Lo mismo, donde un lector de pantalla lo lee en cuanto cambia."""
    return f'<div role="status">{markup}</div>' if markup else ""


def _button(name: str, tooltip: str, style: str = "") -> Any:
    return ipywidgets.Button(description=name, tooltip=tooltip, button_style=style)
