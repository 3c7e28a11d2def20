"""Use cases: a module put into the workspace, and its rules handed to an edge."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from twinward.core.errors import InputError
from twinward.edge.rules.rule import DeviceRule
from twinward.library.supervision.module import Module
from twinward.library.supervision.module_files import read_module
from twinward.service.platform import Caller, Platform

FOLDER = "modules"
DEFAULTS = msgspec.to_builtins(DeviceRule(id="-"))


def add_module(platform: Platform, caller: Caller, path: Path) -> Module:
    """Puts a module's file into the workspace; it works from the next reading on."""
    platform.policy.require(caller, "plan_ahead")
    module = read_module(path)
    folder = platform.workspace / FOLDER
    folder.mkdir(exist_ok=True)
    target = folder / f"{module.id}.toml"
    if target.resolve() == path.resolve():
        raise InputError(
            f"{path.name} is the workspace's own file", "name another file", code="own_file"
        )
    fresh = target.with_suffix(".new")
    shutil.copyfile(path, fresh)
    fresh.replace(target)
    platform.supervision.forget()
    return module


def edge_rules(module: Module) -> str:
    """The rules as `[[rules]]` of an edge.toml: edge and centre then judge by one bundle."""
    lines: list[str] = []
    for rule in module.rules():
        lines.append("[[rules]]")
        for name, value in msgspec.to_builtins(rule).items():
            if value != DEFAULTS[name]:
                lines.append(f"{name} = {msgspec.json.encode(value).decode()}")
        lines.append("")
    return "\n".join(lines)
