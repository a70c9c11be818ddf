"""Lo que se guarda de las vistas de un cuaderno, para que al reabrirlo enseñe lo que enseñaba.

JupyterLab (con ``saveState``, que el taller activa) guarda en los metadatos el estado de todos los widgets
que tienen un kernel detrás. Así se perderían al guardar por segunda vez un cuaderno reabierto, o al
reiniciar el kernel; y los de las celdas que se repiten no se borrarían nunca. El servidor llama a
``before_saving`` antes de escribir: deja el estado de los widgets que se ven, y ninguno más.

Un cuaderno es el diccionario de su JSON (formato 4).
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from multietapa.widgets.inline import inline

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
_REFERENCE = "IPY_MODEL_"
Notebook = dict[str, Any]


def before_saving(model: Mapping[str, Any], path: str, contents_manager: Any, **_: object) -> None:
    """Lo que hace el servidor de Jupyter antes de guardar (``pre_save_hook``).

    ``model["content"]`` es lo que manda el navegador y se cambia ahí mismo; ``path`` cuelga de la carpeta del
    servidor. Un archivo que no es un cuaderno, o que aún no existe, no importa.
    """
    if model.get("type") == "notebook" and isinstance(model.get("content"), dict):
        keep_what_is_shown(model["content"], _read(Path(contents_manager.root_dir, path.strip("/"))))


def keep_what_is_shown(notebook: Notebook, before: Notebook) -> None:
    """Deja en ``notebook`` el estado de cada widget que sale en sus salidas, o en ``before`` si aquí no está.

    De un widget del que no hay estado se quita la vista, que al reabrir sería un error, si su salida lleva al
    lado un gemelo que la sustituya.
    """
    known = {**widget_states(before), **widget_states(notebook)}
    kept: dict[str, Any] = {}
    for output in outputs(notebook):
        wanted = output["data"].get(VIEW, {}).get("model_id")
        if wanted in known:
            kept |= _with_references(wanted, known)
        elif wanted and "text/html" in output["data"]:
            del output["data"][VIEW]
    metadata = notebook.setdefault("metadata", {})
    metadata.pop("widgets", None)
    if kept:
        metadata["widgets"] = {STATE: {"state": kept, "version_major": 2, "version_minor": 0}}


def freeze(notebook: Notebook) -> None:
    """Cambia cada widget por lo que lo sustituye sin kernel: su gemelo o, si no lo tiene, su valor.

    Un control que se mueve en el navegador dice en su rasgo ``said`` lo que su gemelo, más viejo, no sabe; y
    una vista en la que se contesta, en ``added``, lo que hay que añadirle.
    """
    states = widget_states(notebook)
    for output in outputs(notebook):
        model_id = output["data"].pop(VIEW, {}).get("model_id", "")
        state = states.get(model_id, {}).get("state", {})
        said = state.get("said")
        if not said and "value" in state and "text/html" not in output["data"]:
            said = f"{state.get('description', '')}: {state['value']}".removeprefix(": ")
        if said:
            output["data"] = {"text/html": f"<p>{html.escape(said)}</p>", "text/plain": said}
        if added := state.get("added"):
            _add(output["data"], added)
    notebook.get("metadata", {}).pop("widgets", None)


def _add(data: dict[str, Any], added: str) -> None:
    """Añade a los dos gemelos unas líneas, cada una en su párrafo."""
    data["text/html"] = _whole(data.get("text/html")) + "".join(
        f"<p>{inline(line)}</p>" for line in added.splitlines()
    )
    data["text/plain"] = f"{_whole(data.get('text/plain'))}\n\n{added}"


def _whole(text: str | list[str] | None) -> str:
    """Un texto de un cuaderno, que en el archivo puede ir por líneas."""
    return "".join(text or ())


def widget_states(notebook: Notebook) -> dict[str, Any]:
    """El estado guardado de cada widget, por su id."""
    saved = notebook.get("metadata", {}).get("widgets", {}).get(STATE, {})
    return dict(saved.get("state", {}))


def outputs(notebook: Notebook) -> Iterator[dict[str, Any]]:
    """Las salidas que llevan datos (ni texto suelto ni errores), en su orden."""
    for cell in notebook.get("cells", []):
        yield from (output for output in cell.get("outputs", []) if "data" in output)


def _with_references(model_id: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Un widget y los que nombra su estado, y los que nombran esos."""
    found: dict[str, Any] = {}
    pending = [model_id]
    while pending:
        each = pending.pop()
        if each in known and each not in found:
            found[each] = known[each]
            pending += _references(known[each])
    return found


def _references(value: object) -> Iterator[str]:
    if isinstance(value, str) and value.startswith(_REFERENCE):
        yield value.removeprefix(_REFERENCE)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _read(path: Path) -> Notebook:
    """El cuaderno que hay ahora en el disco; vacío si no hay ninguno que se pueda leer."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
