"""What is asked of a comparison, and the sheets that are kept by name in the workspace; light to
import.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from twinward.core.errors import UNREADABLE, AbsentError, InputError
from twinward.core.ids import derive_id
from twinward.decision.planning.comparison import Comparison
from twinward.library.plans.plan_options import BLOCKS, Block
from twinward.service.platform import Platform

SHEETS = "sheets"
UNFINISHED = "unfinished"
LISTED = 30  # a sheet is some 100 kB to read
SHEET_NAME = re.compile(r"sheet-[0-9a-z]{16}")


class CompareRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asked. Without `residents` the workspace's live state is forked at `at` (now
    when None).
    """

    plans: tuple[str, ...] = ()
    generate: int = 0
    base: str = ""  # the plan that generated ones vary; blocks when empty
    vary: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    at: datetime | None = None
    days: int = 28
    replicates: int = 20
    seed: int = 1
    disease: str | None = None  # that of the hazard when None
    settings: tuple[str, ...] = ()
    incident: str | None = None
    hazard: str | None = None
    residents: int | None = None
    infected: int = 100
    ranked_by: str = "cost"
    level: str | None = None
    found_share: float = 0.5  # assumption: reports find half of all infections
    doubts: bool = True
    workers: int = 0  # 0: one a core


def list_blocks() -> list[Block]:
    return list(BLOCKS)


def check_numbers(request: CompareRequest) -> None:
    """What is wrong with the numbers is said before a city is read."""
    for holds, message, advice, code in (
        (
            1 <= request.days <= 365,
            f"{request.days} days cannot be compared",
            "give 1 to 365 days",
            "bad_days",
        ),
        (
            1 <= request.replicates <= 1000,
            f"{request.replicates} replicates",
            "give 1 to 1000",
            "bad_replicates",
        ),
        (
            0 <= request.seed < 2**31,
            f"the seed {request.seed}",
            "give 0 to 2,147,483,647",
            "bad_seed",
        ),
        (request.infected >= 0, "a negative number of infected", "give 0 or more", "bad_infected"),
        (
            0 < request.found_share <= 1,
            f"reports cannot find {request.found_share:g} of the infections",
            "a share above 0, at most 1: 0.5 is half",
            "bad_found_share",
        ),
        (
            request.workers >= 0,
            f"{request.workers} processes",
            "give 0 (one a core) or more",
            "bad_workers",
        ),
        (
            bool(request.plans) or request.generate > 0,
            "there is no plan to compare",
            "name plans, or say how many to generate",
            "no_plans",
        ),
    ):
        if not holds:
            raise InputError(message, advice, code=code)


def require_time(platform: Platform, at: datetime | None) -> None:
    """InputError for an instant in the future, or before anything was recorded."""
    if at is None:
        return
    if at > platform.clock.now():
        raise InputError(
            "that instant is in the future", "give an earlier --at, or now", code="at_in_future"
        )
    with platform.store.read() as rows:
        first = next(iter(rows.events_after(0, 1)), None)
    if first is None or at < first.recorded_at:
        raise InputError(
            "nothing was recorded before that instant", "give a later --at", code="at_before_log"
        )


# kept sheets
# --------------------------------------------------------------------------------------------------


def comparison_id(sheet: Comparison) -> str:
    return derive_id("sheet", sheet.fingerprint)


def keep_comparison(workspace: Path, sheet: Comparison) -> str:
    """Writes the sheet beside the log; its name says its inputs, so the same comparison is kept
    once.
    """
    name = comparison_id(sheet)
    folder = workspace / SHEETS
    folder.mkdir(exist_ok=True)
    fresh = folder / f"{name}.new"
    fresh.write_bytes(msgspec.json.encode(sheet))
    os.replace(fresh, folder / f"{name}.json")
    return name


def find_comparison(workspace: Path, name: str) -> Comparison | None:
    """A kept sheet, or None."""
    path = workspace / SHEETS / f"{name}.json"
    if not SHEET_NAME.fullmatch(name) or not path.is_file():
        return None
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Comparison)
    except UNREADABLE:
        return None
    return without_forecast(found) if found.refused else found


def without_forecast(sheet: Comparison) -> Comparison:
    """A refused sheet as it is shown: an earlier release kept figures of its plans."""
    return msgspec.structs.replace(
        sheet, plans=[], pareto=[], forecast=None, sensitivity=[], flips=[]
    )


def get_comparison(workspace: Path, name: str) -> Comparison:
    found = find_comparison(workspace, name)
    if found is None:
        raise AbsentError(f"there is no sheet {name}", "compare plans first", code="unknown_sheet")
    return found


class ComparisonLine(msgspec.Struct, frozen=True, kw_only=True):
    """A kept sheet as a list names it: from which state it was made, what it held, what was first;
    `figures` are the means of each plan.
    """

    id: str
    as_of: datetime | None
    incident: str | None
    disease: str
    days: int
    replicates: int
    ranked_by: str
    first: str
    currency: str
    plans: list[str]
    titles: dict[str, str]
    figures: dict[str, dict[str, float]]


def list_comparisons(workspace: Path) -> list[ComparisonLine]:
    """The sheets that were kept last, newest first; one that cannot be read is left out."""
    paths = sorted((workspace / SHEETS).glob("sheet-*.json"), key=age_key, reverse=True)
    found = ((path.stem, find_comparison(workspace, path.stem)) for path in paths[:LISTED])
    return [line_of(name, sheet) for name, sheet in found if sheet is not None]


def age_key(path: Path) -> tuple[float, str]:
    return path.stat().st_mtime, path.name


def line_of(name: str, sheet: Comparison) -> ComparisonLine:
    own = ("as_of", "incident", "disease", "days", "replicates", "ranked_by", "first", "currency")
    return ComparisonLine(
        id=name,
        **{field: getattr(sheet, field) for field in own},
        plans=[plan.id for plan in sheet.plans],
        titles={plan.id: plan.title for plan in sheet.plans},
        figures={
            plan.id: {key: figure.mean for key, figure in plan.figures.items()}
            for plan in sheet.plans
        },
    )


@contextmanager
def unfinished(workspace: Path | None, named: Path | None, name: str) -> Iterator[Path | None]:
    """Where finished parts are kept: the file that was named, else one in the workspace, gone
    when all is done.
    """
    if named is not None or workspace is None:
        yield named
        return
    path = workspace / UNFINISHED / f"{name[:24]}.jsonl"
    path.parent.mkdir(exist_ok=True)
    yield path
    path.unlink(missing_ok=True)


def summary(sheet: Comparison) -> dict[str, object]:
    """The sheet as the command line prints it."""
    return {"sheet": comparison_id(sheet), **msgspec.to_builtins(sheet)}


def write_report(sheet: Comparison, folder: Path) -> list[str]:
    """The sheet as JSON and as a page; the names of the files."""
    from twinward.report.comparison import write_sheet

    return write_sheet(sheet, folder)
