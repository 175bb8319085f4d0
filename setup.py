"""Extension modules only; everything else stands in pyproject.toml.

CCORE_DEBUG=1 builds with bounds checks, line tracing and an annotated HTML page per module.
"""

import os

from Cython.Build import cythonize
from setuptools import Extension, setup

DEBUG = os.environ.get("CCORE_DEBUG") == "1"

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": DEBUG,
    "initializedcheck": DEBUG,
    "cdivision": True,
    "binding": True,
    "embedsignature": True,
    "embedsignature.format": "python",
    "auto_pickle": False,
    "linetrace": DEBUG,
}

MODULES = {
    "ccore._router": "ccore/_router.pyx",
    "ccore.engine._engine": "ccore/engine/_engine.pyx",
    "ccore.engine._idle": "ccore/engine/_idle.pyx",
    "ccore.engine._matching": "ccore/engine/_matching.pyx",
    "ccore.engine._roster": "ccore/engine/_roster.pyx",
    "ccore.engine._waiting": "ccore/engine/_waiting.pyx",
    "ccore.daemon._intake": "ccore/daemon/_intake.pyx",
    "ccore.daemon._relief": "ccore/daemon/_relief.pyx",
    "ccore.esl._codec": "ccore/esl/_codec.pyx",
    "ccore.kpi._kernel": "ccore/kpi/_kernel.pyx",
}

# A thread without Python has nothing to trace with.
UNTRACED = {"ccore.daemon._relief"}

setup(
    ext_modules=cythonize(
        [
            Extension(
                name,
                [source],
                extra_compile_args=["-O0", "-g"] if DEBUG else ["-O3"],
                extra_link_args=["-pthread"],
                define_macros=[("CYTHON_TRACE_NOGIL", "1")]
                if DEBUG and name not in UNTRACED
                else [],
            )
            for name, source in MODULES.items()
        ],
        compiler_directives=DIRECTIVES,
        annotate=DEBUG,
        quiet=True,
    )
)
