"""Finds the code of a hazard model by its card: a folder with `model.toml`, one with `model.py`."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import cast

from twinward.core.errors import InputError
from twinward.decision.simulation.interface import HazardModel
from twinward.library.models.card import StoredModel, get_model

HOME = "twinward.decision.simulation"


def load_model(name: str, *homes: Path) -> tuple[StoredModel, HazardModel]:
    """The card and code of the newest model of that id or hazard.

    A folder that a caller names in `homes` may hold its `model.py` beside the card; the hazards
    that come with the package have theirs in `decision/simulation/<hazard>`.
    """
    stored = get_model(name, *homes)
    own = stored.folder / "model.py"
    if own.is_file():
        spec = importlib.util.spec_from_file_location(f"hazard_{stored.card.hazard}", own)
        if spec is None or spec.loader is None:
            raise InputError(f"{own} cannot be loaded", "write a module", code="bad_model")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    else:
        module = importlib.import_module(f"{HOME}.{stored.card.hazard}.model")
    return stored, cast("HazardModel", module.MODEL)
