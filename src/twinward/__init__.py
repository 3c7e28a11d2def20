"""Twinward: a digital twin of a city and of its emergencies, and the loop between them.

    import twinward as tw
    run = tw.simulate(residents=20_000, days=120, seed=1)
    run.plot()
    run.to_frame()

Every name below is loaded when it is first used; importing the package imports nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twinward.core.errors import InputError, TwinwardError
    from twinward.faces import city, logistics, planning, simulation, surveillance, tracing
    from twinward.faces.arguments import ArgumentError
    from twinward.faces.simulation import simulate
    from twinward.faces.workspace import open_platform

__version__ = "0.2.0"
__all__ = [
    "ArgumentError",
    "InputError",
    "TwinwardError",
    "__version__",
    "city",
    "logistics",
    "open_platform",
    "planning",
    "simulate",
    "simulation",
    "surveillance",
    "tracing",
]
_FACES = ("city", "logistics", "planning", "simulation", "surveillance", "tracing")
_NAMES = {
    "ArgumentError": "twinward.faces.arguments",
    "InputError": "twinward.core.errors",
    "TwinwardError": "twinward.core.errors",
    "open_platform": "twinward.faces.workspace",
    "simulate": "twinward.faces.simulation",
}


def __getattr__(name: str) -> Any:
    if name in _FACES:
        value: Any = import_module(f"twinward.faces.{name}")
    elif name in _NAMES:
        value = getattr(import_module(_NAMES[name]), name)
    else:
        raise AttributeError(f"module 'twinward' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
