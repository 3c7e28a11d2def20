"""The model card of a hazard model: method, sources, needs, figures, valid ranges and limits."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from twinward.core.errors import AbsentError, InputError
from twinward.core.reasons import Reason, because_of
from twinward.library.loading import HOME, read_toml

INTERFACE = "hazard-model/1"
MODELS = HOME / "models"
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{1,60}$")]


class ModelSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A paper or data set that a coefficient comes from, with its licence."""

    title: str
    licence: str
    used_for: str


class Need(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One input; `otherwise` is "refuse" or the default that is reported as an assumption."""

    name: str
    unit: str
    kind: Literal["raster", "edges", "points", "areas", "scalar", "series"]
    required: bool = False
    otherwise: str = "refuse"


class ModelFigure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One figure that the model answers, with its unit."""

    name: str
    unit: str
    of: Literal["area", "cell", "edge", "facility", "city", "point"]
    low_is_bad: bool = False
    levels_from: str = ""


class ValidRange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The range of an input in which the sources hold; outside it the answer says so."""

    name: str
    unit: str
    least: float
    most: float


class CardLevel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From which value of the model's figure a response level is reached."""

    level: Literal["IV", "III", "II", "I"]
    at_least: float


class Driving(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reported figure that drives the model by itself: from which value, for how long it is run,
    and what else is taken where nobody has reported it.
    """

    figure: str
    unit: str
    at_least: float
    hours: Annotated[float, msgspec.Meta(gt=0, le=240)]
    placed: bool = True  # the run begins at the middle of the reported area
    by_hour: bool = False  # the run is told the hour of the city's day
    taken: dict[str, float] = {}


class ModelMiss(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A known answer that the model is not for, and by how much it misses it."""

    case: str
    stage_m: float
    expected_stage_m: float
    front_m_s: float
    expected_front_m_s: float


class Supports(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the model can be run."""

    live: bool = False
    scenario: bool = True
    chained: bool = False


class ModelCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One hazard model, as `model.toml` beside its coefficients states it."""

    id: Name
    hazard: Name
    version: Annotated[int, msgspec.Meta(ge=1)]
    interface: Literal["hazard-model/1"]
    title: str
    method: str
    sources: tuple[ModelSource, ...]
    assumptions: tuple[str, ...]
    needs: tuple[Need, ...]
    figures: Annotated[tuple[ModelFigure, ...], msgspec.Meta(min_length=1)]
    valid: tuple[ValidRange, ...] = ()
    supports: Supports = Supports()
    lead_h: tuple[float, float] = (0.0, 240.0)  # the shortest and longest horizon that it is for
    levels: tuple[CardLevel, ...] = ()  # rising; a model may have its own for what is asked
    hit_level: str = ""  # from which level people count as hit when plans are compared
    chain_figure: str = ""  # the figure of the risk register that the model's own stands for
    on_terrain: bool = False  # the answer depends on the ground's height
    drive: Driving | None = None
    misses: tuple[ModelMiss, ...] = ()
    not_for: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    calibration: str = "not calibrated here"

    def get_figure(self, name: str) -> ModelFigure:
        """InputError `unknown_figure` that lists those of the model."""
        for figure in self.figures:
            if figure.name == name:
                return figure
        known = ", ".join(figure.name for figure in self.figures)
        raise InputError(
            f"the {self.hazard} model has no figure {name!r}",
            f"name one of {known}",
            code="unknown_figure",
        )

    def list_out_of_range(self, values: dict[str, float]) -> list[Reason]:
        """Which of the inputs lie outside the range in which the sources hold."""
        return [
            because_of(
                "remark.out_of_range",
                name=one.name,
                value=values[one.name],
                unit=one.unit,
                least=one.least,
                most=one.most,
            )
            for one in self.valid
            if one.name in values and not one.least <= values[one.name] <= one.most
        ]


class StoredModel(msgspec.Struct, frozen=True, kw_only=True):
    """A card, the folder that it lies in, and the hash of its coefficients."""

    card: ModelCard
    folder: Path
    coefficients_sha256: str


def list_models(*homes: Path) -> list[StoredModel]:
    """The models in `<home>/<hazard>/<version>/model.toml`, by hazard; the newest version last."""
    found = [
        read_model(path)
        for home in (homes or (MODELS,))
        for path in sorted(home.glob("*/*/model.toml"))
    ]
    return sorted(found, key=lambda one: (one.card.hazard, one.card.version))


def get_model(name: str, *homes: Path) -> StoredModel:
    """The newest model of that id or hazard; AbsentError `unknown_model` that lists them."""
    known = list_models(*homes)
    fitting = [one for one in known if name in (one.card.id, one.card.hazard)]
    if not fitting:
        names = ", ".join(dict.fromkeys(one.card.hazard for one in known))
        raise AbsentError(
            f"there is no hazard model {name!r}", f"name one of {names}", code="unknown_model"
        )
    return fitting[-1]


def read_model(path: Path) -> StoredModel:
    """One card, with its folder's coefficients hashed in the order of their names."""
    digest = hashlib.sha256()
    for file in sorted((path.parent / "coefficients").glob("*")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return StoredModel(
        card=read_toml(path, ModelCard), folder=path.parent, coefficients_sha256=digest.hexdigest()
    )


def card_schema() -> dict[str, object]:
    """JSON Schema of a model card."""
    return msgspec.json.schema(ModelCard)
