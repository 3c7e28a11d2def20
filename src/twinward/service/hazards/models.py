"""The hazard models that there are: their cards, and their verification run now."""

from __future__ import annotations

import msgspec

from twinward.decision.simulation.interface import CheckResult
from twinward.decision.simulation.registry import load_model
from twinward.library.models.card import ModelCard, card_schema, get_model, list_models


class ModelEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One model in a list."""

    id: str
    hazard: str
    version: str
    title: str
    figures: tuple[str, ...]
    calibration: str


class ModelView(msgspec.Struct, frozen=True, kw_only=True):
    """A card with the hash of its coefficients."""

    card: ModelCard
    coefficients_sha256: str


class ModelChecks(msgspec.Struct, frozen=True, kw_only=True):
    """What the verification cases of a model reach now."""

    id: str
    hazard: str
    version: str
    checks: tuple[CheckResult, ...]
    ok: bool


def list_entries() -> list[ModelEntry]:
    """Every model that comes with Twinward."""
    return [
        ModelEntry(
            id=one.card.id,
            hazard=one.card.hazard,
            version=str(one.card.version),
            title=one.card.title,
            figures=tuple(figure.name for figure in one.card.figures),
            calibration=one.card.calibration,
        )
        for one in list_models()
    ]


def get_card(name: str) -> ModelView:
    """The card of the model of that id or hazard."""
    stored = get_model(name)
    return ModelView(card=stored.card, coefficients_sha256=stored.coefficients_sha256)


def check_model(name: str) -> ModelChecks:
    """Runs the verification cases of a model."""
    stored, model = load_model(name)
    checks = tuple(model.check())
    return ModelChecks(
        id=stored.card.id,
        hazard=stored.card.hazard,
        version=str(stored.card.version),
        checks=checks,
        ok=all(one.ok for one in checks),
    )


def get_card_schema() -> dict[str, object]:
    """JSON Schema of a model card."""
    return card_schema()


def get_case_schema(name: str) -> dict[str, object]:
    """JSON Schema of a case file of that hazard."""
    from twinward.decision.simulation.case_schema import make_case_schema

    stored, model = load_model(name)
    return make_case_schema(stored.card.hazard, model.settings)
