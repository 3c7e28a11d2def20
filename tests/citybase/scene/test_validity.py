"""A solid that cannot be is found by the number of its fault, and one that can be is not blamed."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twinward.citybase.scene.validity.faults import FaultCount
from twinward.citybase.scene.validity.objects import ObjectChecker
from twinward.citybase.scene.validity.solids import inside

# a cube of two metres about the middle, and its faces turned outwards
CORNERS = [[x, y, z] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)]
CUBE = [
    [[0, 2, 3, 1]],
    [[4, 5, 7, 6]],
    [[0, 1, 5, 4]],
    [[1, 3, 7, 5]],
    [[3, 2, 6, 7]],
    [[2, 0, 4, 6]],
]


def moved(by: tuple[float, float, float], scale: float = 1.0) -> list[list[float]]:
    return [[a * scale + b for a, b in zip(one, by, strict=True)] for one in CORNERS]


def shifted(faces: Any, by: int) -> Any:
    return [shifted(one, by) for one in faces] if isinstance(faces, list) else faces + by


def turned(faces: list[Any]) -> list[Any]:
    return [[ring[::-1] for ring in face] for face in faces]


def codes(kind: str, boundaries: Any, corners: list[list[float]]) -> list[int]:
    """The faults of one geometry, far from the middle of the earth as real ones are."""
    faults = FaultCount()
    checker = ObjectChecker(np.array(corners, float) + [85_000, 447_000, 3], {}, faults)
    checker.check(
        "it", {"type": "Building", "geometry": [{"type": kind, "boundaries": boundaries}]}
    )
    checker.finish()
    return [one.code for one in faults.told()]


def solid(faces: Any, more: list[list[float]] | None = None) -> list[int]:
    return codes("Solid", [faces], CORNERS + (more or []))


FAR = [9.0, 0.0, 0.0]
SECOND = shifted(CUBE, 8)


@pytest.mark.parametrize(
    ("faces", "more", "fault"),
    [
        (CUBE, [], 0),
        ([[[0, 2]], *CUBE[1:]], [], 101),
        ([[[0, 2, 2, 3, 1]], *CUBE[1:]], [], 102),
        ([[[0, 2, 3, 1, 0]], *CUBE[1:]], [], 102),  # CityJSON does not close its rings
        ([[[0, 3, 2, 1]], *CUBE[1:]], [], 104),
        ([[[0, 2, 8, 1]], [[4, 5, 7, 6]], [[0, 1, 5, 4]], [[1, 8, 7, 5]], [[8, 2, 6, 7]], CUBE[5]], [[1, 1, -0.8]], 203),
        (CUBE[:3], [], 301),
        (CUBE[1:], [], 302),
        ([*CUBE, CUBE[0]], [], 303),
        ([*CUBE, *turned(CUBE[:1]), CUBE[0]], [], 303),
        ([*CUBE, *SECOND], moved((5, 0, 0)), 305),
        ([CUBE[0][:1], *CUBE[1:5], CUBE[5][::-1], *turned([])], [], 0),
        ([turned(CUBE[:1])[0], *CUBE[1:]], [], 307),
        (turned(CUBE), [], 405),
        ([], [], 902),
    ],
)  # fmt: skip
def test_a_shell_that_cannot_be_is_found_by_its_number(
    faces: Any, more: list[list[float]], fault: int
) -> None:
    assert solid(faces, more) == ([fault] if fault else [])


@pytest.mark.parametrize(
    ("hole", "fault"),
    [
        ([[-0.5, -0.5], [-0.5, 0.5], [0.5, 0.5], [0.5, -0.5]], 0),
        ([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]], 208),
        ([[0.5, -0.5], [0.5, 0.5], [1.5, 0.5], [1.5, -0.5]], 201),
        ([[3, 3], [3, 4], [4, 4], [4, 3]], 206),
        ([[-1, -1], [-1, 1], [1, 1], [1, -1]], 202),
        ([[-1, 0], [0, 1], [1, 0], [0, -1]], 205),  # its corners lie on the rim
    ],
)  # fmt: skip
def test_a_hole_lies_within_its_face(hole: list[list[float]], fault: int) -> None:
    corners = CORNERS + [[x, y, -1] for x, y in hole]
    face = [[0, 1, 3, 2], [8, 9, 10, 11]]
    found = codes("MultiSurface", [face], corners)
    assert found == ([fault] if fault else [])


def test_a_shell_that_goes_through_itself_is_found() -> None:
    spike = [[0, 0, 1.0], [0, 0, -3.0]]  # the top pulled down through the bottom
    top = [[[4, 5, 9]], [[5, 7, 9]], [[7, 6, 9]], [[6, 4, 9]]]
    assert solid([CUBE[0], *CUBE[2:], *top], spike) == [306]


@pytest.mark.parametrize(
    ("by", "scale", "fault"),
    [
        ((0, 0, 0), 0.5, 0),
        ((1, 0, 0), 0.5, 401),
        ((5, 0, 0), 0.5, 403),
        ((0, 0, 0), 1.0, 402),
        ((0.5, 0, 0), 0.5, 401),
    ],  # a face of it lies on a face of the outer one
)
def test_an_inner_shell_lies_within_the_outer(
    by: tuple[float, float, float], scale: float, fault: int
) -> None:
    found = codes("Solid", [CUBE, shifted(turned(CUBE), 8)], CORNERS + moved(by, scale))
    assert found == ([fault] if fault else [])


@pytest.mark.parametrize(
    ("kind", "by", "fault"),
    [
        ("CompositeSolid", (2, 0, 0), 0),
        ("CompositeSolid", (1.9, 0, 0), 501),
        ("CompositeSolid", (0, 0, 0), 502),
        ("CompositeSolid", (5, 0, 0), 503),
        ("CompositeSolid", (2, 2, 0), 503),  # an edge is no face
        ("MultiSolid", (5, 0, 0), 0),
        ("MultiSolid", (0.5, 0.5, 0.5), 501),
    ],
)
def test_solids_of_a_group_touch_and_do_not_overlap(
    kind: str, by: tuple[float, float, float], fault: int
) -> None:
    found = codes(kind, [[CUBE], [SECOND]], CORNERS + moved(by))
    assert found == ([fault] if fault else [])


@pytest.mark.parametrize(("away", "fault"), [(2.0, 0), (1.5, 601), (4.0, 0)])
def test_parts_of_a_building_do_not_overlap(away: float, fault: int) -> None:
    faults = FaultCount()
    checker = ObjectChecker(np.array(CORNERS + moved((away, 0, 0)), float), {}, faults)
    for name, faces in (("p-1", CUBE), ("p-2", SECOND)):
        shape = {"type": "Solid", "lod": "2", "boundaries": [faces]}
        checker.check(name, {"type": "BuildingPart", "parents": ["b"], "geometry": [shape]})
    checker.finish()
    assert [(one.code, one.named) for one in faults.told()] == ([(fault, ["b"])] if fault else [])


def test_two_cavities_do_not_lie_against_one_another() -> None:
    one, two = moved((-0.5, 0, 0), 0.4), moved((0.3, 0, 0), 0.4)
    shells = [CUBE, shifted(turned(CUBE), 8), shifted(turned(CUBE), 16)]
    assert codes("Solid", shells, CORNERS + one + two) == [401]
    assert codes("Solid", shells, CORNERS + one + moved((0.4, 0, 0), 0.4)) == []


def test_two_solids_of_one_part_at_one_level_of_detail_overlap() -> None:
    faults = FaultCount()
    checker = ObjectChecker(np.array(CORNERS + moved((1, 0, 0)), float), {}, faults)
    for level in ("1.2", "1.3"):
        shapes = [{"type": "Solid", "lod": "1.3", "boundaries": [CUBE]}]
        shapes.append({"type": "Solid", "lod": level, "boundaries": [SECOND]})
        part = {"type": "BuildingPart", "parents": [level], "geometry": shapes}
        checker.check(f"p-{level}", part)
    checker.finish()
    assert [(one.code, one.named) for one in faults.told()] == [(601, ["1.3"])]


@pytest.mark.parametrize(
    ("fold_m", "width_m", "fault"),
    [(0.015, 0.02, 204), (0.015, 2.0, 0), (0.5, 2.0, 203), (0.0, 0.02, 0)],
)
def test_a_fold_within_the_slack_of_a_plane_is_found(
    fold_m: float, width_m: float, fault: int
) -> None:
    corners = [[0, 0, 0], [5, 0, 0], [5, width_m, fold_m], [0, width_m, 0]]
    found = codes("MultiSurface", [[[0, 1, 2, 3]]], corners)
    assert found == ([fault] if fault else [])


@pytest.mark.parametrize(
    ("faces", "fault"),
    [
        (CUBE, 0),
        (CUBE[1:], 0),  # open, as a surface may be
        ([CUBE[0], CUBE[1]], 305),
        ([*CUBE, [[0, 2, 6]]], 303),
        ([turned(CUBE[:1])[0], *CUBE[1:]], 307),
    ],
)
def test_a_composite_surface_hangs_together(faces: Any, fault: int) -> None:
    assert codes("CompositeSurface", faces, CORNERS) == ([fault] if fault else [])
    assert codes("MultiSurface", faces, CORNERS) == []


@pytest.mark.parametrize(
    "item",
    [None, 5, {"geometry": 3}, {"geometry": [None]}, {"geometry": [{"type": "Ball"}]},
     {"geometry": [{"type": "Solid", "boundaries": [[[[0, 1, 99]]]]}]},
     {"geometry": [{"type": "Solid", "boundaries": 3}]},
     {"geometry": [{"type": "GeometryInstance", "template": 4, "boundaries": [0]}]}],
)  # fmt: skip
def test_what_is_no_geometry_is_a_fault_and_no_crash(item: Any) -> None:
    faults = FaultCount()
    ObjectChecker(np.array(CORNERS, float), {}, faults).check("it", item)
    assert [one.code for one in faults.told()] == [901]


def test_points_within_a_cube_are_told_from_those_without() -> None:
    skin = np.array([np.array(CORNERS, float)[ring] for one in CUBE for ring in halves(one[0])])
    at = np.array(list(itertools.product((-1.5, -0.9, 0.1, 0.95, 1.2), repeat=3)))
    assert (inside(at, skin) == (np.abs(at) < 1).all(axis=1)).all()


def halves(ring: list[int]) -> list[list[int]]:
    return [ring[:3], [ring[0], ring[2], ring[3]]]


def test_the_number_of_a_fault_is_said_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import json

    from twinward.cli.main import main

    path = tmp_path / "open.city.json"
    shape = {"type": "Solid", "lod": "1", "boundaries": [CUBE[1:]]}
    document = {
        "type": "CityJSON", "version": "1.0", "vertices": CORNERS,
        "CityObjects": {"b-1": {"type": "Building", "geometry": [shape]}},
    }  # fmt: skip
    path.write_text(json.dumps(document), "utf-8")
    assert main(["scene", "check", "--cityjson", str(path)]) == 1
    assert "302 shell not closed: 1 object (b-1)" in capsys.readouterr().out
