"""Measures how many named faults the scene's checks find, in the sets of two public validators.

scripts/scene_faults.py --tiles DIR       # expected.json and data/ of 3d-tiles-validator's cases
scripts/scene_faults.py --cityjson DIR    # expected.json and val3dity/ of val3dity's cases
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from twinward.citybase.scene.cityjson import check_cityjson
from twinward.core.errors import InputError
from twinward.standards.tiles3d.buffers import Views, check_buffers, load_views
from twinward.standards.tiles3d.check import check_path
from twinward.standards.tiles3d.issues import Issue, Report
from twinward.standards.tiles3d.metadata.property_tables import check_table
from twinward.standards.tiles3d.metadata.schema import check_schema
from twinward.standards.tiles3d.sources import Folder, parse
from twinward.standards.tiles3d.subtrees import read_subtree, tiling_of


def issues_of(case: dict[str, Any], root: Path) -> list[Issue]:
    """What our reader says of one case, judged as the validator's own tests judge it."""
    path, kind, report = root / case["file"].removeprefix("data/"), case["kind"], Report()
    if kind == "subtree":
        told = json.loads(
            (root / "subtrees/validSubtreeImplicitTiling.json.input").read_text("utf-8")
        )
        schema = json.loads((root / "schemas/validSchema.json").read_text("utf-8"))
        read_subtree(
            path.read_bytes(), path.name, tiling_of(told), schema, Folder(path.parent), report
        )
    elif kind in {"BinaryBufferStructure", "metadata schema", "property table"}:
        document = parse(path.read_bytes(), path.name, report)
        if document is None:
            return report.issues
        if kind == "metadata schema":
            check_schema(document, "", report)
        elif kind == "BinaryBufferStructure":
            check_buffers(document, "", report)
        else:
            schema = json.loads((root / "schemas/FullMetadataSchema.json").read_text("utf-8"))
            check_tables(document, schema, path, report)
    else:
        return check_path(path, root).issues
    return report.issues


def check_tables(document: Any, schema: dict[str, Any], path: Path, report: Report) -> None:
    """The property tables of a file, held against their schema and their bytes."""
    views = None
    if check_buffers(document, "", report):
        views = load_views(document, None, Folder(path.parent), path.name, Report())
        many = len(document.get("bufferViews", []))
        views = views or Views(offsets=[0] * many, bodies=[None] * many)
    tables = document.get("propertyTables") if isinstance(document, dict) else None
    for n, table in enumerate(tables if isinstance(tables, list) else []):
        check_table(table, schema, views, f"/propertyTables/{n}", report)


def measure_tiles(folder: Path) -> None:
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    false, sound, began = 0, 0, time.process_time()
    for case in json.loads((folder / "expected.json").read_text("utf-8")):
        issues = issues_of(case, folder / "data")
        names = Counter(one.name for one in issues)
        wanted = Counter(one for one in case["types"] if one)
        if case["issues"] == 0:
            sound, false = sound + 1, false + bool(issues)
            if issues:
                print(f"FALSE {case['file']}: {dict(names)}")
            continue
        hit = bool(issues) and set(wanted) <= set(names)
        found[case["kind"]][0] += hit
        found[case["kind"]][1] += 1
        if not hit:
            print(f"MISSED {case['file']}: wanted {dict(wanted)}, said {dict(names)}")
    for kind, (hits, many) in sorted(found.items()):
        print(f"{kind}: {hits} of {many}")
    hits, many = (sum(one[n] for one in found.values()) for n in (0, 1))
    took = time.process_time() - began
    print(f"named {hits} of {many}; refused {false} of {sound} sound; {took:.2f} s of CPU")


def measure_cityjson(folder: Path) -> None:
    right, told = 0, 0
    for case in json.loads((folder / "expected.json").read_text("utf-8"))["geometry_checks"]:
        if "errors" not in case:
            continue
        try:
            codes = [one.code for one in check_cityjson(folder / case["file"])]
        except InputError:
            codes = [901]
        told, right = told + 1, right + (codes == case["errors"])
        if codes != case["errors"]:
            print(f"OTHER {case['file']}: wanted {case['errors']}, said {codes}")
    print(f"the same faults in {right} of {told} files")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiles", type=Path, help="the set of 3d-tiles-validator")
    parser.add_argument("--cityjson", type=Path, help="the set of val3dity")
    options = parser.parse_args()
    if options.tiles:
        measure_tiles(options.tiles)
    if options.cityjson:
        measure_cityjson(options.cityjson)
