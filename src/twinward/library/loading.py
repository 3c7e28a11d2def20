"""Reads the library whole: hazards, departments and plans, each validated, with the file and
line of what is wrong.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

from twinward.core.errors import InputError, field_path
from twinward.library.hazards.hazard import LEVELS, Hazard
from twinward.library.plans.duty_rules import check_departments, check_order
from twinward.library.plans.plan import Plan
from twinward.library.toml_lines import find_line, index_lines

HOME = Path(__file__).parent / "data"
T = TypeVar("T")
PLAN_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,119}")


class Department(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One department of the joint mechanism."""

    id: str
    title: str
    duty: str
    zh: str = ""  # its title in Chinese


class Library(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the loop works by, validated together."""

    hazards: dict[str, Hazard]
    plans: dict[str, Plan]
    departments: dict[str, Department]
    files: dict[str, Path] = {}  # plan -> the file that it stands in
    own: Path | None = None  # the folder of a workspace's own plans
    module_words: Callable[[], list[dict[str, str]]] = list  # titles of supervision modules

    @property
    def chinese(self) -> dict[str, str]:
        """What plans and departments say in their own words, in Chinese, by the words."""
        found = {one.title: one.zh for one in self.departments.values() if one.zh}
        for plan in self.plans.values():
            found |= plan.zh
        for words in self.module_words():
            found |= words
        return found

    @property
    def words(self) -> dict[str, str]:
        """What may stand in a text, in Chinese: plans' own words, departments and hazards by id."""
        found = {one.id: one.zh for one in self.departments.values() if one.zh}
        for hazard in self.hazards.values():
            if hazard.zh:
                found |= {hazard.id: hazard.zh, hazard.title: hazard.zh}
        return found | self.chinese

    def find_file(self, name: str) -> Path | None:
        """The file of the plan of that id; another process may have put it into the workspace's
        folder meanwhile.
        """
        known = self.files.get(name)
        if known is None and self.own is not None and PLAN_NAME.fullmatch(name):
            path = self.own / f"{name}.toml"
            known = path if path.is_file() else None
        return known

    def find(self, name: str) -> Plan | None:
        """The plan of that id, read now where it was put there since the start."""
        path = self.find_file(name) if name not in self.plans else None
        if path is not None:
            self.put(read_plan(path, self.departments, self.hazards), path)
        return self.plans.get(name)

    def put(self, plan: Plan, path: Path) -> None:
        """A plan that has been read and checked."""
        self.plans[plan.id], self.files[plan.id] = plan, path

    def require_department(self, name: str) -> None:
        """InputError `unknown_department` that lists those there are."""
        if name not in self.departments:
            known = "known: " + ", ".join(self.departments)
            raise InputError(f"there is no department {name!r}", known, code="unknown_department")

    def find_hazard(self, hazard: str) -> Hazard | None:
        """The hazard, by its id or by the family before a slash (`epidemic/sars-cov-2` is an
        `epidemic`).
        """
        return self.hazards.get(hazard) or self.hazards.get(hazard.partition("/")[0])

    def find_plan(self, hazard: str, level: str) -> Plan | None:
        """The plan for exactly this level, else the one of the nearest lower level."""
        family = self.find_hazard(hazard)
        if family is None:
            return None
        rank = LEVELS.index(level)
        mine = [p for p in self.plans.values() if p.hazard == family.id and p.standard]
        fitting = [p for p in mine if LEVELS.index(p.level) <= rank]
        return max(fitting, key=lambda plan: LEVELS.index(plan.level), default=None)


def read_toml(path: Path, kind: type[T]) -> T:
    """One validated file; InputError names the file, the line where it can be told, and what is
    wrong.
    """
    try:
        text = path.read_text("utf-8")
        return msgspec.convert(tomllib.loads(text), kind)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name}: {error}", "mend the file", code="bad_plan") from error
    except msgspec.ValidationError as error:
        line = find_line(index_lines(text), field_path(str(error)))
        raise InputError(
            f"{path.name}:{line}: {error}", "see docs/howto/write-a-plan.md", code="bad_plan"
        ) from error


def read_plan(path: Path, departments: dict[str, Department], hazards: dict[str, Hazard]) -> Plan:
    """One plan; InputError with file and line for a department, hazard or predecessor that does
    not exist, a circle.
    """
    plan = read_toml(path, Plan)
    faults = [*check_departments(plan, departments, hazards), *check_order(plan)]
    if faults:
        lines = index_lines(path.read_text("utf-8"))
        told = [
            f"{path.name}:{find_line(lines, route)}: {said}; {advice}"
            for route, _, said, advice in faults
        ]
        raise InputError("\n".join(told), "mend the file", code="bad_plan")
    return plan


class DepartmentsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    department: tuple[Department, ...]


def load_library(home: Path = HOME, extra_plans: Path | None = None) -> Library:
    """The bundled library, and a workspace's own plans on top of it (same id replaces)."""
    bundled = bundled_library() if home == HOME else read_library(home)
    plans, found = dict(bundled.plans), dict(bundled.files)
    own = () if extra_plans is None else sorted(extra_plans.glob("*.toml"))
    for path in own:
        plan = read_plan(path, bundled.departments, bundled.hazards)
        plans[plan.id], found[plan.id] = plan, path
    return Library(
        hazards=dict(bundled.hazards),
        plans=plans,
        departments=dict(bundled.departments),
        files=found,
        own=extra_plans,
    )


@cache
def bundled_library() -> Library:
    """What comes with this release, read once: nobody writes into it while a process runs."""
    return read_library(HOME)


def read_library(home: Path) -> Library:
    """The library of a folder."""
    departments = {
        d.id: d for d in read_toml(home / "departments.toml", DepartmentsFile).department
    }
    hazards = {
        h.id: h
        for h in (read_toml(path, Hazard) for path in sorted((home / "hazards").glob("*.toml")))
    }
    plans, found = {}, {}
    for path in sorted((home / "plans").glob("*.toml")):
        plan = read_plan(path, departments, hazards)
        plans[plan.id], found[plan.id] = plan, path
    return Library(hazards=hazards, plans=plans, departments=departments, files=found)
