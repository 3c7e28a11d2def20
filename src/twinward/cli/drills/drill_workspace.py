"""The fenced workspace of a drill: a city and plans of its own, a state without persons, and no
way back out.
"""

from __future__ import annotations

import argparse
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from twinward.app import compose
from twinward.app.workspace import MARK, city_of, init_workspace, read_mark, scenarios_folder
from twinward.cli.framework.output import say
from twinward.cli.framework.session import caller_of
from twinward.cli.workspace.demo_workspace import prepare_city
from twinward.core.clock import SetClock, SystemClock
from twinward.core.errors import AbsentError, ConflictError, InputError, RefusedError
from twinward.core.ids import derive_id
from twinward.rehearsal.drills.truth import TruthPlaces, make_truth
from twinward.service.access.authorization import require_verb
from twinward.service.drills.drills import (
    ABOUT,
    FOLDER,
    SCRIPT,
    TRUTH,
    DrillAbout,
    DrillScript,
    load_script,
    write_part,
)
from twinward.service.drills.state_copy import adopt_commands, fork_state, plans_in_force
from twinward.service.intake.commands import submit_objects
from twinward.service.plans import plan_library
from twinward.service.platform import Platform, local_admin

COPIED = (
    "supplies.toml",
    "unit-costs.toml",
)  # a workspace's own figures; its settings, vault, keys, lake never


def drills_home() -> Path:
    return Path(os.environ.get("TWINWARD_DRILLS") or ".twinward-drills")


def find_script(name: str) -> Path:
    """A file, or the name of a bundled script."""
    path = Path(name)
    bundled = scenarios_folder() / "drills" / f"{name}.toml"
    if not path.exists() and bundled.exists():
        return bundled
    if not path.exists():
        known = ", ".join(
            sorted(one.stem for one in (scenarios_folder() / "drills").glob("*.toml"))
        )
        raise InputError(
            f"there is no script {name}", f"name a TOML file, or one of: {known}", code="no_script"
        )
    return path


def find_drill(name: str) -> Path:
    """The folder of a drill, by path or by its id in the folder of drills; never a real
    workspace.
    """
    for folder in (Path(name), drills_home() / name):
        if (folder / MARK).exists():
            if not read_mark(folder).drill:
                raise RefusedError(
                    f"{folder} is no drill but a real workspace", "name a drill", code="not_a_drill"
                )
            return folder
    raise AbsentError(
        f"there is no drill {name}",
        "list them with `twinward drill list`, or name its folder",
        code="no_drill",
    )


def require_free(into: Path, source: Path | None) -> None:
    """RefusedError when the folder lies in, around or at a workspace; ConflictError when
    something is there.
    """
    place = into.resolve()
    if source is not None and (place == source.resolve() or source.resolve().is_relative_to(place)):
        raise RefusedError(
            f"{into} is the real workspace or holds it", "name another folder", code="inside_real"
        )
    for above in (place, *place.parents):
        if (above / MARK).exists() and above != place:
            raise RefusedError(
                f"{into} lies inside the workspace {above}",
                "name a folder outside of it",
                code="inside_real",
            )
    if into.is_symlink() or (into.exists() and (not into.is_dir() or any(into.iterdir()))):
        raise ConflictError(f"{into} is there and not empty", "name a new folder", code="exists")


def make_drill(options: argparse.Namespace) -> Path:
    """A new drill's workspace, ready to be played; nothing is left when it fails."""
    path = find_script(options.script)
    made_at = SystemClock().now()
    script, text = load_script(path, plan_library.library_of(None))
    source: Path | None = options.source
    if source is not None and not (source / MARK).exists():
        raise AbsentError(
            f"{source} is no workspace",
            "name one with --from, or leave it out",
            code="no_workspace",
        )
    drill = derive_id(
        script.name, str(Path(options.into or ".").resolve()), options.seed, made_at.isoformat()
    )[:-8]
    into: Path = options.into or drills_home() / drill
    require_free(into, source)
    into.parent.mkdir(parents=True, exist_ok=True)
    fresh = not into.exists()
    try:
        return fill(into, drill, script, text, options, made_at)
    except BaseException:
        shutil.rmtree(into, ignore_errors=True)
        if not fresh:
            into.mkdir()
        raise


def fill(
    into: Path,
    drill: str,
    script: DrillScript,
    text: str,
    options: argparse.Namespace,
    made_at: datetime,
) -> Path:
    init_workspace(into, kind="drill", drill=drill)
    source: Path | None = options.source
    copy_ground(into, source, options.city, options.seed)
    if options.database:
        (into / "settings.toml").write_text(
            f"[storage]\nurl = {msgspec.json.encode(options.database).decode()}\n"
        )
    items, plans_of, forked_at = fork_of(source, options) if source is not None else ([], [], None)
    start = forked_at or script.start
    platform = compose.open_platform(into, SetClock(start))
    try:
        script, text = load_script(
            write_script(into, text), platform.reference.library, areas_of(platform)
        )
        truth = make_truth(script, places_of(platform, script), start, options.seed)
        write_part(into, TRUTH, truth)
        if items:
            submit_objects(platform, local_admin(), items, f"drill:{script.name}/fork")
            platform.loop.catch_up()
            submit_objects(
                platform,
                local_admin(),
                adopt_commands(platform, plans_of),
                f"drill:{script.name}/fork",
            )
            platform.loop.catch_up()
        with platform.store.read() as reader:
            forked_to = reader.last_seq()
        city = city_of(into)[0] if (into / "city" / "city.json").exists() else ""
        about = DrillAbout(
            drill=drill,
            script=script.name,
            title=script.title,
            seed=options.seed,
            made_at=made_at,
            start=start,
            city=city,
            from_workspace=str(source or ""),
            forked_at=forked_at,
            forked_to=forked_to,
        )
        write_part(into, ABOUT, about)
    finally:
        platform.close()
    return into


def write_script(into: Path, text: str) -> Path:
    (into / FOLDER).mkdir(exist_ok=True)
    path = into / FOLDER / SCRIPT
    path.write_text(text, "utf-8")
    return path


def copy_ground(into: Path, source: Path | None, city: Path | None, seed: int) -> None:
    """The city base and the workspace's own plans, copied: a link would leave one file that both
    could write.
    """
    if source is not None:
        for name in COPIED:
            if (source / name).is_file():
                shutil.copyfile(source / name, into / name)
        if (source / "plans").is_dir():
            shutil.copytree(source / "plans", into / "plans")
    if city is None and source is not None and (source / "city").is_dir():
        shutil.copytree(source / "city", into / "city")
    else:
        prepare_city(into, city, seed, say)


def fork_of(
    source: Path, options: argparse.Namespace
) -> tuple[list[dict[str, object]], list[tuple[str, str, str]], datetime | None]:
    """The real state as commands for the drill, and its instant. The real workspace is read and
    not written.
    """
    if options.empty:
        return [], [], None
    platform = compose.open_platform(source)
    try:
        caller = caller_of(platform, options.token_file)
        require_verb(platform, caller, "plan compare")  # who may see the live state as planners do
        at = options.at or platform.clock.now()
        return fork_state(platform, options.at), plans_in_force(platform, options.at), at
    finally:
        platform.close()


def areas_of(platform: Platform) -> Any:
    return platform.reference.areas.by_code or None


def places_of(platform: Platform, script: DrillScript) -> TruthPlaces:
    """Where the script's `#n` lie: the areas at which incidents of its hazard stand, and the
    leaves under each.
    """
    tree = platform.reference.areas
    hazard = platform.reference.library.find_hazard(script.hazard)
    depth = hazard.incident_level if hazard is not None else 1
    homes = sorted(code for code in tree.by_code if len(tree.path(code)) - 1 == depth) or [
        tree.root
    ]
    named = {
        area
        for one in script.inject
        if (area := getattr(one, "area", None)) and not area.startswith("#")
    }
    leaves = {home: tuple(leaves_under(tree, home)) for home in {*homes, *named}}
    return TruthPlaces(homes=tuple(homes), leaves=leaves)


def leaves_under(tree: Any, area: str) -> list[str]:
    children = sorted(tree.children.get(area, []))
    return (
        [leaf for child in children for leaf in leaves_under(tree, child)] if children else [area]
    )
