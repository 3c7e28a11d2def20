"""Modules from their files: the bundled ones, and a workspace's own on top of them."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

import msgspec

from twinward.core.errors import InputError, field_path
from twinward.library.loading import HOME, DepartmentsFile, read_toml
from twinward.library.supervision.module import Module
from twinward.library.supervision.module_rules import list_faults
from twinward.library.toml_lines import find_line, index_lines

ADVICE = "see docs/howto/supervise.md"


@lru_cache(maxsize=1)
def _departments() -> frozenset[str]:
    found = read_toml(HOME / "departments.toml", DepartmentsFile).department
    return frozenset(one.id for one in found)


def read_module(path: Path) -> Module:
    """One module, wholly checked; InputError `no_file`, `bad_module` names all that is wrong."""
    if not path.is_file():
        raise InputError(f"{path}: no such file", "name a module's file", code="no_file")
    module = parse_module(path)
    faults = list_faults(module, _departments())
    if faults:
        told = "; ".join(faults)
        raise InputError(f"{path.name}: {told}", ADVICE, code="bad_module")
    return module


def parse_module(path: Path) -> Module:
    """A module as its file has it; InputError `bad_module` with the line. An event's rule has the
    event's id.
    """
    try:
        text = path.read_text("utf-8")
        raw = tomllib.loads(text)
        for event in raw.get("events", ()):
            if isinstance(event, dict) and isinstance(event.get("rule"), dict):
                event["rule"].setdefault("id", event.get("id", "-"))
        return msgspec.convert(raw, Module)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name}: {error}", ADVICE, code="bad_module") from error
    except msgspec.ValidationError as error:
        line = find_line(index_lines(text), field_path(str(error)))
        raise InputError(f"{path.name}:{line}: {error}", ADVICE, code="bad_module") from error


@lru_cache(maxsize=1)
def bundled_modules() -> dict[str, Module]:
    """What comes with this release, by id."""
    found = (read_module(path) for path in sorted((HOME / "modules").glob("*.toml")))
    return {one.id: one for one in found}


class ModuleRegister:
    """The modules of a workspace, read again only when its folder has changed."""

    def __init__(self, own: Path) -> None:
        self._own = own
        self._seen: tuple[int, ...] | None = None
        self._modules: dict[str, Module] = {}

    def list_modules(self) -> dict[str, Module]:
        """The bundled modules, and the workspace's own on top (same id replaces)."""
        paths = sorted(self._own.glob("*.toml")) if self._own.is_dir() else []
        seen = tuple(path.stat().st_mtime_ns for path in paths)
        if seen != self._seen:
            own = {one.id: one for one in map(read_module, paths)}
            self._modules, self._seen = bundled_modules() | own, seen
        return self._modules

    def list_words(self) -> list[dict[str, str]]:
        """The titles of each module in Chinese, by the English ones."""
        return [one.words() for one in self.list_modules().values()]
