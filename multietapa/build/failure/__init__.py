"""¿Por qué falló una construcción, y qué se hace ahora?"""

from multietapa.build.failure.explain import explain
from multietapa.build.failure.images import foreign_run, syntax_image, wrong_platform
from multietapa.build.failure.running import engine_words
from multietapa.build.failure.stages import misplaced, missing_stage, unknown_target
from multietapa.build.failure.support import needs_buildkit

__all__ = [
    "engine_words",
    "explain",
    "foreign_run",
    "misplaced",
    "missing_stage",
    "needs_buildkit",
    "syntax_image",
    "unknown_target",
    "wrong_platform",
]
