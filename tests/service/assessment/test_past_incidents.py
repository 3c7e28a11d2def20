"""A closed incident is experience: the next one of its kind is told of it, in guidance and in
the library.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from helpers.cities import PUDONG_COMMUNITY, Desk
from twinward.service.assessment import knowledge_questions
from twinward.service.assessment.five_functions import answer_function
from twinward.service.assessment.past_incidents import (
    RECORDS,
    add_records,
    find_similar,
    list_records,
)
from twinward.service.console.basemap import Basemap


def test_the_second_incident_is_told_of_the_first(desk: Desk, tmp_path: Path) -> None:
    ground = Basemap(desk.platform)
    desk.case()
    desk.complete_all()
    (first,) = [row["id"] for row in desk.incidents()]
    assert find_similar(desk.platform, ground, desk.me, first).note
    desk.quiet_days(16)
    (closed,) = list_records(desk.platform, ground, desk.me)
    assert closed.incident == first and closed.closed and closed.orders > 0
    desk.case(2, PUDONG_COMMUNITY)
    second = next(row["id"] for row in desk.incidents() if row["id"] != first)
    found = find_similar(desk.platform, ground, desk.me, second)
    assert [one.record for one in found.like] == [first]
    guidance = answer_function(desk.platform, ground, desk.me, "guide", second)
    assert [one.record for one in guidance.like] == [first]  # type: ignore[union-attr]
    said = knowledge_questions.search(
        "which past incidents are like this one, and what worked there?", desk.platform, desk.me
    )
    assert [(answer.path[0], answer.path[2]) for answer in said.answers] == [
        (f"incident:{second}", f"incident:{first}")
    ]
    (tmp_path / "elsewhere.json").write_bytes(
        msgspec.json.encode(
            [msgspec.structs.replace(closed, incident="elsewhere", area_name="another city")]
        )
    )
    assert add_records(desk.platform, desk.me, tmp_path / "elsewhere.json") == 1
    assert {one.record for one in find_similar(desk.platform, ground, desk.me, second).like} == {
        first,
        "elsewhere",
    }


def test_a_record_is_read_again_only_when_something_happened_in_its_incident(desk: Desk) -> None:
    ground = Basemap(desk.platform)
    desk.case()
    desk.complete_all()
    desk.quiet_days(16)
    (closed,) = list_records(desk.platform, ground, desk.me)
    (kept,) = [
        one for key, one in RECORDS.items() if key[:2] == (desk.platform.workspace, closed.incident)
    ]
    desk.case(2, PUDONG_COMMUNITY)  # another incident's
    (again,) = list_records(desk.platform, ground, desk.me)
    assert again is kept[1]
    (task, *_) = desk.tasks(incident=closed.incident)
    said = {"department": task.department, "comment": "the swabs ran out on the third day"}
    desk.post("CommentTask", task=task.id, **said)
    (later,) = list_records(desk.platform, ground, desk.me)
    assert later is not again
