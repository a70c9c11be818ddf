"""Los colores y el estilo de todas las vistas, en tema claro y oscuro.

Los orígenes, y las demás maneras de repartir una imagen, usan la paleta de Okabe e Ito (se distingue con
las formas corrientes de daltonismo) y además una trama, para que el color nunca sea lo único. La trama aclara
o se oscurece siempre en el sentido que aumenta el contraste con el texto que lleva encima. El contraste lo
comprueba ``test_theme``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Paint:
    """Cómo se pinta una categoría: color de fondo, color del texto encima y trama (una clase CSS)."""

    fill: str
    ink: str
    pattern: str


ORIGIN_PAINTS = {
    "sistema base": Paint("#9aa0a8", "#111111", "liso"),
    "runtime": Paint("#0072b2", "#ffffff", "diagonal"),
    "dependencias de producción": Paint("#009e73", "#111111", "puntos"),
    "dependencias de desarrollo": Paint("#e0701a", "#111111", "contra"),
    "aplicación": Paint("#f0e442", "#111111", "cuadros"),
    "cachés": Paint("#cc79a7", "#111111", "rayas"),
}
PART_PAINTS = {
    "capas de la base": ORIGIN_PAINTS["sistema base"],
    "capas propias": ORIGIN_PAINTS["runtime"],
    "capas (base desconocida)": ORIGIN_PAINTS["runtime"],
    "imágenes y medios": Paint("#56b4e9", "#111111", "rombos"),
}

PATTERNS = {
    "liso": "none",
    "diagonal": "repeating-linear-gradient(45deg, {veil} 0 2px, transparent 2px 8px)",
    "contra": "repeating-linear-gradient(-45deg, {veil} 0 3px, transparent 3px 7px)",
    "puntos": "radial-gradient({veil} 1.5px, transparent 1.8px) 0 0 / 7px 7px",
    "cuadros": "repeating-conic-gradient({veil} 0 25%, transparent 0 50%) 0 0 / 8px 8px",
    "rayas": "repeating-linear-gradient(90deg, {veil} 0 2px, transparent 2px 6px)",
    "rombos": "repeating-conic-gradient(from 45deg, {veil} 0 25%, transparent 0 50%) 0 0 / 9px 9px",
}
"""La trama de cada categoría; ``{veil}`` es el velo que la dibuja sobre su color."""
LIGHT_VEIL, DARK_VEIL = "#ffffff80", "#00000050"

LIGHT = {
    "ok": "#1b6e3c",
    "err": "#b3261e",
    "run": "#0b57a4",
    "warn": "#7a4f00",
    "soft": "#575757",
    "calc": "#6a2fa0",
}
DARK = {
    "ok": "#7fd6a0",
    "err": "#ff9d94",
    "run": "#8ec5ff",
    "warn": "#f2c46d",
    "soft": "#b8b8b8",
    "calc": "#d9bfff",
}


def veil(paint: Paint) -> str:
    """El velo que separa más el fondo del texto: claro bajo un texto oscuro y al revés."""
    return DARK_VEIL if paint.ink.lower() == "#ffffff" else LIGHT_VEIL


def paint_css() -> str:
    """Una clase por categoría, ``mt-<trama>``, con su color, su trama y el color del texto encima."""
    rules = []
    for paint in {
        paint.pattern: paint for paint in [*ORIGIN_PAINTS.values(), *PART_PAINTS.values()]
    }.values():
        drawn = PATTERNS[paint.pattern].format(veil=veil(paint))
        colours = f"color: {paint.ink}; background: {drawn}; background-color: {paint.fill};"
        rules.append(f".mt-{paint.pattern} {{ {colours} }}")
    return "\n".join(rules)


def _variables(colours: dict[str, str]) -> str:
    return "".join(f"--mt-{name}:{value};" for name, value in colours.items())


VARIABLES = f"""
.mt {{ {_variables(LIGHT)}
  --mt-text: var(--jp-ui-font-color1, inherit);
  --mt-line: var(--jp-border-color2, #8886);
  --mt-back: var(--jp-layout-color1, transparent);
  --mt-shade: var(--jp-layout-color2, #8881);
  color: var(--mt-text); font-family: var(--jp-ui-font-family, system-ui, sans-serif);
  font-size: var(--jp-ui-font-size1, 13px); line-height: 1.45;
}}
[data-jp-theme-light="false"] .mt, .vscode-dark .mt {{ {_variables(DARK)} }}
.mt [hidden] {{ display: none !important; }}
.mt *, .mt *::before {{ box-sizing: border-box; }}
.mt code, .mt pre {{ font-family: var(--jp-code-font-family, ui-monospace, monospace); font-size: 12px;
  color: inherit; background: none; padding: 0; }}
.mt :focus-visible {{ outline: 2px solid var(--mt-run); outline-offset: 1px; }}
.mt .mt-grabacion {{ display: inline-block; border: 2px solid var(--mt-warn); color: var(--mt-warn);
  border-radius: 3px; padding: 1px 8px; margin: 0 0 6px; font-weight: 600; }}
"""
