"""Use case: modules' files held against all that a module must hold together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from twinward.core.errors import InputError
from twinward.library.loading import HOME
from twinward.library.supervision.module_files import read_module


class ModuleCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One file, and what is wrong with it."""

    file: str
    module: str
    ok: bool
    fault: str = ""


def validate_modules(files: Sequence[Path]) -> list[ModuleCheck]:
    """Those files, or without any all bundled ones."""
    paths = list(files) or sorted((HOME / "modules").glob("*.toml"))
    return [validate(path) for path in paths]


def validate(path: Path) -> ModuleCheck:
    try:
        module = read_module(path)
    except InputError as error:
        return ModuleCheck(file=path.name, module="", ok=False, fault=str(error))
    return ModuleCheck(file=path.name, module=module.id, ok=True)
