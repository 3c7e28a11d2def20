"""The risk register: chains between hazards, added by a workspace, simulated from a hazard."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.decision.simulation.triggers import Link, simulate_chain
from twinward.library.hazards.chains import ChainRule, load_chains, read_chains

FOLDER = "risks"
MOST_MEMBERS = 100_000


class ChainAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The links that fire from a first hazard, each with the share of members."""

    first: str
    members: int
    seed: int
    links: tuple[Link, ...]
    simulated: bool = True


def list_risks(workspace: Path | None = None) -> tuple[ChainRule, ...]:
    """The bundled chains, and the workspace's own on top."""
    return load_chains(workspace / FOLDER if workspace is not None else None)


def add_risks(workspace: Path, path: Path) -> tuple[ChainRule, ...]:
    """Puts the chains of a file into the workspace's folder, one file each; same id replaces."""
    rules = read_chains(path)
    if not workspace.is_dir():
        raise InputError(
            f"{workspace} is no workspace", "run `twinward init` first", code="no_workspace"
        )
    folder = workspace / FOLDER
    folder.mkdir(exist_ok=True)
    for rule in rules:
        lines = ["[[chain]]"]
        for name in rule.__struct_fields__:
            value = getattr(rule, name)
            shown = list(value) if isinstance(value, tuple) else value
            lines.append(f"{name} = {msgspec.json.encode(shown).decode()}")
        (folder / f"{rule.id}.toml").write_text("\n".join(lines) + "\n", "utf-8")
    return rules


def simulate_risks(
    first: str, figures: dict[str, float], members: int, seed: int, workspace: Path | None = None
) -> ChainAnswer:
    """What a hazard of those figures sets off; InputError where no chain begins with it."""
    if not 1 <= members <= MOST_MEMBERS:
        raise InputError(
            f"members must be 1 to {MOST_MEMBERS:,}, got {members:,}",
            "ask for 1,000",
            code="bad_members",
        )
    rules = list_risks(workspace)
    causes = sorted({rule.cause for rule in rules})
    if first not in causes:
        raise InputError(
            f"no chain begins with {first!r}",
            f"name one of {', '.join(causes)}",
            code="unknown_hazard",
        )
    given = {name: np.full(members, value) for name, value in figures.items()}
    return ChainAnswer(
        first=first,
        members=members,
        seed=seed,
        links=tuple(simulate_chain(first, rules, given, members, seed)),
    )
