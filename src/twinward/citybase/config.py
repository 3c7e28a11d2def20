"""The city file (`city.toml`): what each source is, where it stands and what its columns mean."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from twinward.citybase.inputs import Assumptions
from twinward.core.errors import InputError


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every source file states. `file` is relative to the city file; its ending names the
    format.

    What the city file leaves out is as the source says of itself (.cpg, .prj, crs member, byte
    order mark), and where that is silent too UTF-8, commas and WGS 84.
    """

    file: str
    encoding: str = ""
    separator: str = ""
    crs: str = ""  # wgs84 | gcj02 | EPSG:n
    layer: str = ""  # of a GeoPackage with several
    thousands: str = ""  # the sign that parts thousands, where the numbers themselves leave it open
    decimal: str = ""


class CityHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[city]`. `max_snap_m`: a point this far outside every outline still counts to the nearest
    one.

    Left out, it is 2 km for single points and nothing for a grid, whose cells outside belong to the
    neighbours.
    """

    name: str
    timezone: str = "UTC"
    max_snap_m: float | None = None
    men: int | None = None  # of the residents; with `women` the exact split, otherwise half
    women: int | None = None
    credits: list[str] = []  # who gave the map's sources, as the map shows it


class Level(Source, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One level of the hierarchy. Without `parent` a code's parent is the code of the level
    above it starts with.
    """

    level: str
    code: str = "code"
    name: str = "name"
    name_en: str | None = None  # column of the English name, shown beside the other on the map
    parent: str | None = None
    lon: str | None = None
    lat: str | None = None


class AreasConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    levels: list[Level]


class Boundaries(Source, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Outlines of the areas of one level, joined by code, else by name.

    `admin_level`: which outlines of an OpenStreetMap extract (`.osm.pbf`).
    """

    level: str
    code: str | None = None
    name: str | None = None
    admin_level: int | None = None


class Positions(Source, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Dated or undated points that name an area of `level`: the area stands at their median."""

    level: str
    name: str
    lon: str
    lat: str
    parent: str | None = None  # column that names the area above, where names repeat


class ResidentsConfig(Source, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where residents live. `table`: code, count; `points`: lon, lat, count; `grid`: a GeoTIFF, an
    ESRI ASCII grid, or points of one; `polygons`: count; `buildings`: total.
    """

    kind: Literal["table", "points", "grid", "polygons", "buildings"]
    file: str = ""
    code: str = "code"
    count: str = "count"
    lon: str = "lon"
    lat: str = "lat"
    total: int | None = None


class AgesConfig(Source, frozen=True, kw_only=True, forbid_unknown_fields=True):
    age: str = "age"
    count: str = "count"


class Households(Source, frozen=True, kw_only=True, forbid_unknown_fields=True):
    size: str = "size"
    count: str = "count"


class KindColumn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    column: str
    map: dict[str, str]


class PlacesConfig(Source, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Named places. `kind` is a constant; or a column, when `map` says what its values mean.

    A key of the map matches a whole value, else the longest key that occurs in the value (of equal
    ones the first); `*` matches the rest. `area` is a column that names the area (code or name) the
    place should lie in; `count` one that says for how many places a row stands (a grid that counts
    schools). `lines` is a column with the lines that stop at a place, `;` between them; one that
    begins with a word of `unopened` is planned or being built, and is not drawn.
    """

    kind: str | KindColumn
    map: dict[str, str] | None = None
    name: str = "name"
    lon: str = "lon"
    lat: str = "lat"
    capacity: str | None = None
    area: str | None = None
    count: str | None = None
    lines: str | None = None
    unopened: list[str] = []


class Jobs(Source, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where work is: points with a count of jobs."""

    lon: str = "lon"
    lat: str = "lat"
    count: str = "jobs"


class Osm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    file: str
    roads: bool = True
    buildings: bool = True
    amenities: bool = True
    private_roads: bool = False  # True for services that hold the keys


class Terrain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The height of the ground: a GeoTIFF or an ESRI ASCII grid in metres."""

    file: str
    crs: str = ""


class CityConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole city file."""

    city: CityHead
    residents: ResidentsConfig
    areas: AreasConfig | None = None
    boundaries: Boundaries | list[Boundaries] = []
    positions: Positions | None = None
    ages: AgesConfig | None = None
    households: Households | None = None
    places: list[PlacesConfig] = []
    jobs: Jobs | None = None
    osm: Osm | None = None
    terrain: Terrain | None = None
    assumptions: Assumptions = Assumptions()

    def outlines(self) -> list[Boundaries]:
        return self.boundaries if isinstance(self.boundaries, list) else [self.boundaries]


def bad_config(message: str, advice: str) -> InputError:
    return InputError(message, advice, code="bad_city_config")


def load_config(path: Path) -> CityConfig:
    """The validated city file; InputError names the key that is wrong, missing or unknown."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise bad_config(
            f"{path} cannot be read: {error.strerror}", "name a city file with --config"
        ) from error
    except UnicodeDecodeError as error:
        raise bad_config(
            f"{path.name} is not UTF-8 (byte {error.start})", "save the city file as UTF-8"
        ) from error
    try:
        config = msgspec.convert(tomllib.loads(text.replace("\r\n", "\n")), CityConfig)
    except tomllib.TOMLDecodeError as error:
        raise bad_config(f"{path.name} is not TOML: {error}", "mend the line it names") from error
    except msgspec.ValidationError as error:
        raise bad_config(
            f"{path.name}: {error}",
            "docs/howto/build-a-city.md lists every block and key of a city file",
        ) from error
    check_config(config, path.name)
    return config


def check_config(config: CityConfig, name: str) -> None:
    """What the types cannot say: known zone, levels that exist, a total where it is needed."""
    try:
        ZoneInfo(config.city.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise bad_config(
            f"{name}: no time zone {config.city.timezone!r}",
            "write an IANA name such as Asia/Shanghai",
        ) from error
    if not config.city.name.strip():
        raise bad_config(f"{name}: city.name is empty", "give the city a name")
    levels = [level.level for level in config.areas.levels] if config.areas else []
    if config.areas and (not levels or len(set(levels)) != len(levels)):
        raise bad_config(
            f"{name}: areas.levels {levels} must be at least one, each once",
            "list the levels top down",
        )
    for block, level in [("boundaries", b.level) for b in config.outlines()] + (
        [("positions", config.positions.level)] if config.positions else []
    ):
        if levels and level not in levels:
            raise bad_config(
                f"{name}: {block}.level {level!r} is no level of areas",
                f"write one of {', '.join(levels)}",
            )
    check_residents(config, name)
    for place in config.places:
        if place.kind == "" or (place.map is not None and not place.map):
            raise bad_config(
                f"{name}: places of {place.file} have no kind",
                "write a kind such as hospital, or a column and a map",
            )
        if isinstance(place.kind, KindColumn) and place.map:
            raise bad_config(
                f"{name}: places of {place.file} have two maps",
                "write kind = {column, map} or kind and map",
            )


def check_residents(config: CityConfig, name: str) -> None:
    residents = config.residents
    if residents.kind == "buildings":
        if not config.osm or not residents.total:
            raise bad_config(
                f"{name}: residents of kind buildings need residents.total and [osm]",
                "add both, or use another kind",
            )
    elif not residents.file:
        raise bad_config(f"{name}: residents.file is missing", "name the file with the residents")
    if residents.kind == "table" and not config.areas and not config.outlines():
        raise bad_config(
            f"{name}: residents by area need [areas] or [boundaries]", "add one of them"
        )
    if residents.total is not None and residents.total <= 0:
        raise bad_config(
            f"{name}: residents.total must be positive", "write how many people live in the city"
        )
    head = config.city
    if (head.men is None) != (head.women is None) or min(head.men or 0, head.women or 0) < 0:
        raise bad_config(
            f"{name}: city.men and city.women go together and are counts", "write both or neither"
        )
    check_assumptions(config.assumptions, name)


def check_assumptions(assumptions: Assumptions, name: str) -> None:
    values = msgspec.structs.asdict(assumptions)
    for key, value in values.items():
        share = key.endswith("_share") or key.startswith("employed_")
        if not (0.0 <= value <= 1.0 if share else 0 < value <= 100_000_000):
            wanted = "a share between 0 and 1" if share else "a positive number"
            raise bad_config(
                f"{name}: assumptions.{key} = {value} is not {wanted}", "mend the figure"
            )
    edges = [low for low, _ in assumptions.stage_ages().values()] + [assumptions.university_to]
    edges.insert(-2, assumptions.upper_secondary_from)
    if edges != sorted(edges) or edges[-1] > 100:
        raise bad_config(
            f"{name}: the ages of school stages {edges} do not ascend", "mend assumptions.*_from"
        )
