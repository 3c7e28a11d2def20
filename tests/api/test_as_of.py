"""An answer about the past knows nothing that came later: every route that takes an instant gives
the same bytes on the whole log and on a log that ends there.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from helpers.cities import Desk
from helpers.cut_logs import CUT_H, cut_at, play
from twinward.api.main import make_api


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Desk, datetime]]:
    whole = play(tmp_path_factory.mktemp("whole") / "ws", 24 * 20)
    cut = play(tmp_path_factory.mktemp("cut") / "ws", CUT_H)
    at = cut_at(whole)
    whole.clock.at = cut.clock.at = at + timedelta(days=30)  # both are asked long after
    yield whole, cut, at
    whole.close()
    cut.close()


def list_paths(desk: Desk) -> list[str]:
    """Every route that is read and takes an instant, with what there is put in its path."""
    incidents = sorted(desk.incidents(), key=lambda row: row["id"])
    found = []
    for path, verbs in make_api(desk.platform).openapi()["paths"].items():
        told = {one["name"] for one in verbs.get("get", {}).get("parameters", ())}
        if "at" not in told:
            continue
        if "{function}" in path or "{name}" in path:
            names = ("analyse", "describe", "diagnose", "predict", "guide")
            paths = [path.replace("{function}", n).replace("{name}", n) for n in names]
        else:
            paths = [path]
        for one in paths:
            if "{incident}" in one:
                found += [one.replace("{incident}", row["id"]) for row in incidents]
            elif "{" not in one:
                found.append(one)
    return found


def test_every_answer_about_an_instant_is_the_same_when_the_log_after_it_is_gone(
    two: tuple[Desk, Desk, datetime],
) -> None:
    whole, cut, at = two
    paths = list_paths(cut)
    assert len(paths) > 12
    wrong = []
    with TestClient(make_api(whole.platform)) as one, TestClient(make_api(cut.platform)) as other:
        for path in paths:
            asked = {"at": at.isoformat()}
            if path.endswith("demand"):
                asked |= {"days": "3"}
            here, there = one.get(path, params=asked), other.get(path, params=asked)
            assert here.status_code in (200, 404), f"{path}: {here.text[:200]}"
            if path.endswith(".pdf"):
                continue  # its bytes hold the time of its making; it is the report of the HTML
            if (here.status_code, here.content) != (there.status_code, there.content):
                wrong.append(f"{path}: {difference(here.content, there.content)}")
    assert not wrong, "\n".join(wrong)


def difference(one: bytes, other: bytes) -> str:
    place = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return f"{one[max(place - 60, 0) : place + 60]!r} / {other[max(place - 60, 0) : place + 60]!r}"
