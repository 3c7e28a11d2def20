"""The functions of one room are told of one picture; what happens in the incident, or may concern
it, makes another.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpers.cities import Desk
from twinward.core.errors import AbsentError
from twinward.service.assessment.shared_pictures import SHARED_FOR, SharedPictures
from twinward.service.console.basemap import Basemap
from twinward.service.platform import Caller


def test_one_picture_until_something_happens_that_may_concern_it(desk: Desk) -> None:
    desk.case()
    (incident,) = [row["id"] for row in desk.incidents()]
    ground, shared = Basemap(desk.platform), SharedPictures()

    def read() -> object:
        return shared.read(desk.platform, ground, desk.me, incident, None)

    first = read()
    assert read() is first
    (task, *_) = desk.tasks(incident=incident)
    desk.post("CommentTask", task=task.id, department=task.department, comment="no swabs left")
    second = read()
    assert second is not first  # something happened in it
    desk.post("SetStock", kind="beds", area="310115", quantity=10, unit="beds")
    third = read()
    assert third is not second  # a stock belongs to no incident and may concern any
    desk.clock.advance(SHARED_FOR + timedelta(seconds=1))
    fourth = read()
    assert fourth is not third
    assert fourth.picture.now > first.picture.now  # type: ignore[attr-defined]


def test_an_instant_has_a_picture_of_its_own_and_a_reader_of_elsewhere_none(desk: Desk) -> None:
    desk.case()
    (row,) = desk.incidents()
    ground, shared = Basemap(desk.platform), SharedPictures()
    now = shared.read(desk.platform, ground, desk.me, row["id"], None)
    then = shared.read(desk.platform, ground, desk.me, row["id"], desk.clock.now())
    assert now is not then
    elsewhere = Caller(name="li", role="officer", areas=("310115",))
    assert not row["area"].startswith("310115")
    with pytest.raises(AbsentError):
        shared.read(desk.platform, ground, elsewhere, row["id"], None)
