"""Publication: counts by area and another word, small ones hidden, each with its data sheet,
each release kept.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from twinward.core.clock import format_time
from twinward.core.errors import ConflictError, InputError
from twinward.core.ids import derive_id
from twinward.core.ports import Table
from twinward.security.privacy.suppression import add_margins, hold_small_changes, suppress, two_way
from twinward.service.access.accounts import note
from twinward.service.platform import Caller, Platform
from twinward.twins.emergency.contacts.rows import CONTACTS
from twinward.twins.emergency.reports.rows import CASES

# table -> (what it counts, the words that it can be split by, the column of its instant)
TABLES: dict[str, tuple[str, dict[str, tuple[str, ...]], str]] = {
    "cases": (
        "persons reported as cases",
        {"status": ("suspected", "asymptomatic", "confirmed", "recovered", "dead", "discarded")},
        "reported_at",
    ),
    "contacts": (
        "persons named as contacts",
        {
            "step": (
                "named",
                "located",
                "isolated",
                "tested_negative",
                "tested_positive",
                "released",
                "not_found",
                "lives_outside",
                "became_case",
            )
        },
        "named_at",
    ),
}


ROWS: dict[str, Table[msgspec.Struct]] = {"cases": CASES, "contacts": CONTACTS}


class DataSheet(msgspec.Struct, frozen=True, kw_only=True):
    """What a published table is, so that nobody has to guess."""

    title: str
    counts: str
    by: tuple[str, str]
    since: datetime
    until: datetime
    published_at: datetime
    k: int
    hidden_cells: int
    method: str
    release: str


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """A table, cells named `area|word`, margins `area|` and `|word`, total `|`; null is hidden."""

    cells: dict[str, int | None]
    sheet: DataSheet


METHOD = (
    "Counts of 1 to k-1 are hidden, and further ones with them, so that no sum or difference of "
    "what is shown leaves "
    "fewer than k values for a hidden small count. A count that has changed by less than k since "
    "the last release of "
    "the same table is shown as it was. A table has one level and windows of whole days that do "
    "not overlap: no release can be subtracted from another."
)


def publish(
    platform: Platform, caller: Caller, table: str, level: str, since: datetime, until: datetime
) -> Publication:
    """Publish one table by the areas of a level. Counts come from columns; no person's payload
    is opened.
    """
    platform.policy.require(caller, "publish", area=platform.reference.areas.root)
    if table not in TABLES:
        raise InputError(
            f"there is no table {table!r}", f"there are {', '.join(TABLES)}", code="unknown_table"
        )
    if since >= until:
        raise InputError(
            "the window ends before it starts", "swap --from and --to", code="bad_window"
        )
    since, until = whole_days(platform, since, until)
    require_apart(platform, table, level, since, until)
    title, splits, _ = TABLES[table]
    ((word, values),) = splits.items()
    areas = list_areas(platform, level)
    counts = count_cells(platform, table, areas, since, until)
    release = derive_id("pub", table, level, since.isoformat(), until.isoformat())
    path = platform.workspace / "published" / f"{release}.json"
    before: dict[str, int | None] = (
        msgspec.json.decode(path.read_bytes())["cells"] if path.exists() else {}
    )
    k = platform.settings.k_anonymity
    held = hold_small_changes(
        {f"{area}|{value}": n for (area, value), n in counts.items()}, before, k
    )
    with_margins = add_margins({(area, value): held[f"{area}|{value}"] for area, value in counts})
    shown = suppress(with_margins, two_way(areas, values), k)
    sheet = DataSheet(
        title=f"{table} by {level} and {word}",
        counts=title,
        by=(level, word),
        since=since,
        until=until,
        published_at=platform.clock.now(),
        k=k,
        hidden_cells=sum(value is None for value in shown.values()),
        method=METHOD,
        release=release,
    )
    found = Publication(cells=shown, sheet=sheet)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(msgspec.json.encode(found))
    note(
        platform,
        caller,
        "published",
        release,
        f"{sheet.title}, {format_time(since)} to {format_time(until)}",
    )
    return found


def last_week(platform: Platform) -> tuple[datetime, datetime]:
    """The last finished week of the city, Monday to Monday: what is published when no window is
    named.
    """
    now = platform.clock.now().astimezone(ZoneInfo(platform.settings.timezone))
    monday = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(now.weekday())
    return monday - timedelta(7), monday


def whole_days(platform: Platform, since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """The window cut to the city's midnights; InputError when nothing is left of it."""
    zone = ZoneInfo(platform.settings.timezone)
    ends = [
        at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
        for at in (since, until)
    ]
    if ends[0] >= ends[1]:
        raise InputError(
            "the window holds no whole day", "name midnights of the city", code="bad_window"
        )
    return ends[0], ends[1]


def require_apart(
    platform: Platform, table: str, level: str, since: datetime, until: datetime
) -> None:
    """ConflictError where an earlier release of the table could be subtracted from this one."""
    for path in sorted((platform.workspace / "published").glob("pub-*.json")):
        sheet = msgspec.json.decode(path.read_bytes(), type=Publication).sheet
        if not sheet.title.startswith(f"{table} by "):
            continue
        if sheet.by[0] != level:
            raise ConflictError(
                f"{table} are published by {sheet.by[0]}, not by {level}",
                "one table has one level: a second one would tell hidden counts",
                code="other_level",
            )
        same = (sheet.since, sheet.until) == (since, until)
        if not same and sheet.since < until and since < sheet.until:
            told = f"{format_time(sheet.since)} to {format_time(sheet.until)}"
            raise ConflictError(
                f"{table} are published for {told}, which overlaps this window",
                "publish that window again, or one beside it",
                code="window_overlaps",
            )


def list_areas(platform: Platform, level: str) -> list[str]:
    areas = sorted(
        code for code, area in platform.reference.areas.by_code.items() if area.level == level
    )
    if not areas:
        levels = sorted({area.level for area in platform.reference.areas.by_code.values()})
        raise InputError(
            f"there is no level {level!r}", f"there are {', '.join(levels)}", code="unknown_level"
        )
    return areas


def count_cells(
    platform: Platform, table: str, areas: list[str], since: datetime, until: datetime
) -> dict[tuple[str, str], int]:
    """The count of every area and word, out of the tables' columns."""
    _, splits, at = TABLES[table]
    ((word, values),) = splits.items()
    found: dict[tuple[str, str], int] = {}
    with platform.store.read() as rows:
        for area in areas:
            within = platform.policy.subtree((area,)).ranges
            for value in values:
                found[area, value] = rows.count(
                    ROWS[table], within=within, between=(at, since, until), **{word: value}
                )
    return found
