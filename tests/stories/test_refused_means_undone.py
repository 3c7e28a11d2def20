"""What is refused leaves nothing but its rejection: every message, every text of it, on both
databases.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import msgspec.inspect
import pytest

from helpers.cities import COMMUNITY, HUANGPU, Desk
from helpers.dumping import differing, dump
from helpers.samples import sample, spoiled
from twinward.app import compose
from twinward.core import texts
from twinward.core.errors import InputError
from twinward.core.messages import Command, Request
from twinward.edge.feeds.commands import OUTSIDE
from twinward.service.intake import commands
from twinward.service.operations.reconciliation import Reconciler
from twinward.storage.log import transaction
from twinward.twins import twin
from twinward.twins.emergency.reports.rows import CASES

CONTROLS = ["\x00", "\x01", "\x0b", "\x1b", "\x7f", "\x85", "\u202e", "\u2066"]
HALVES = ["\ud800", "x\udfff"]
COMMANDS = sorted(compose.BEHAVIOUR.handlers, key=lambda kind: kind.__name__)
AREAS = ("area", "from_area", "to_area")


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """A desk on each database, with a case and its incident in the log."""
    settings = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("new_database")
        settings = f'[storage]\nurl = "{url}"\n'
    desk = Desk(tmp_path / "ws", settings=settings)
    assert desk.case(1).stored == 1
    yield desk
    desk.close()


def differences(desk: Desk) -> list[Any]:
    return Reconciler(desk.platform.store, desk.platform.intake).list_differences(fresh=True)


def bad_items(
    kind: type[Command], bad: list[str], numbers: Iterator[int]
) -> Iterator[dict[str, Any]]:
    """A message of this kind for every text in it and every bad text; areas stay known ones."""
    areas = {name: COMMUNITY for name in AREAS if name in kind.__struct_fields__}
    whole = sample(kind, **areas)
    for field, value in whole.items():
        if field in areas or field == "type":
            continue
        for text in bad:
            for wrong in spoiled(value, f"{text}" if field != "id" else f"{next(numbers)}{text}"):
                yield {**whole, "id": f"bad-{next(numbers)}", field: wrong, "type": kind.__name__}


def test_no_bad_text_of_any_message_from_outside_leaves_a_trace(kept: Desk) -> None:
    numbers = itertools.count()
    before, tried = dump(kept), 0
    for kind in OUTSIDE:
        items = list(bad_items(kind, [*CONTROLS, "n" * 20_001], numbers))
        account = commands.submit_objects(
            kept.platform, kept.me, [msgspec.to_builtins(item) for item in items], "sender"
        )
        assert len(account.rejected) == len(items), (kind, account.stored)
        tried += len(items)
    kept.platform.loop.catch_up()
    assert tried > 1000
    assert not differing(before, dump(kept))
    assert not differences(kept)
    assert kept.case(2).stored == 1


def test_no_bad_text_of_any_command_of_ours_leaves_a_trace(kept: Desk) -> None:
    """Also what no decoder has seen: halves of surrogate pairs, commands that only we ask."""
    numbers = itertools.count()
    before, tried = dump(kept), 0
    for kind in COMMANDS:
        for item in bad_items(kind, [*CONTROLS[:2], *HALVES], numbers):
            fields = {name: value for name, value in item.items() if name != "type"}
            try:
                command = msgspec.convert(fields, kind, strict=False)
            except (
                msgspec.ValidationError,
                UnicodeError,
            ):  # one of a few words: no other gets this far
                continue
            request = Request(command=command, actor="officer", source="desk")
            outcome = kept.platform.store.write(
                lambda tx, request=request: kept.platform.loop.twins.ask_one(tx, request)
            )
            assert outcome.status == "rejected", repr(command)
            tried += 1
    assert tried > 1000
    assert not differing(before, dump(kept))


@pytest.mark.parametrize("call", range(1, 5))
def test_a_command_that_fails_at_any_of_its_writes_leaves_nothing(
    kept: Desk, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others of its batch are done, and it is done when it comes again."""
    ill = {"hazard": "epidemic", "status": "confirmed"}
    told: dict[str, Any] = {
        "ReportCase": {"case": "c-9", "subject": "p-9", **ill},
        "ReportCount": {"day": "2022-03-01", "count": 7, **ill},
        "ReportAffectedPlace": {
            "hazard": "epidemic",
            "place": "x",
            "name": "y",
            "day": "2022-03-01",
        },
        "NameContact": {"contact": "k-1", "case": "c-1", "subject": "p-8"},
        "RequestTransfer": {"transfer": "t-1", "subject": "p-7", "reason": "worse", "case": "c-1"},
    }
    calls = itertools.count(1)
    put = transaction.GroupTransaction.put

    def failing(self: Any, *values: Any) -> None:
        assert self.count(CASES) >= 0  # what was held back is in the database now
        put(self, *values)
        assert self.count(values[0]) >= 1
        if next(calls) == call:
            raise InputError("no", code="refused_late")

    for kind, fields in told.items():
        item = {"id": f"late-{kind}", "type": kind, "area": COMMUNITY, **fields}
        good = {
            "id": f"{kind}-{call}",
            "type": "ReportFigures",
            "hazard": "epidemic",
            "area": HUANGPU,
            "day": "2022-03-01",
            "figures": {"new": call},
            "source": kind,
        }
        before = dump(kept)
        with monkeypatch.context() as patch:
            calls = itertools.count(1)
            patch.setattr(transaction.GroupTransaction, "put", failing)
            account = commands.submit_objects(kept.platform, kept.me, [item], "sender")
        if account.stored:
            continue  # it writes fewer rows than this
        assert not differing(before, dump(kept)), kind
        again = commands.submit_objects(kept.platform, kept.me, [item, good], "sender")
        assert [one.code for one in again.rejected] == [] or kind == "RequestTransfer", again
    assert not differences(kept)


@pytest.mark.parametrize("bad", ["\x00", "\ud800"])
def test_what_only_the_database_refuses_hits_nobody_else(
    kept: Desk, bad: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the check of texts ever to miss one: all others of the commit are kept."""
    monkeypatch.setattr(twin, "require_message", lambda *_, **__: None)
    monkeypatch.setattr(transaction, "require_storable", lambda *_: None)
    kind = next(one for one in COMMANDS if one.__name__ == "ReportHazard")

    def ask(number: int, text: str) -> Any:
        area = COMMUNITY if text == "flood" else text
        fields = {"hazard": "flood", "area": area, "figure": "depth", "value": 1.0, "unit": "m"}
        command = kind(id=f"h-{number}", **fields)  # type: ignore[call-arg]
        return Request(command=command, actor="officer", source="desk")

    texts = ["flood", bad, "flood", "flood"]
    work = [
        lambda tx, n=n, t=t: kept.platform.loop.twins.ask(
            tx, [ask(2 * n, t), ask(2 * n + 1, "flood")]
        )
        for n, t in enumerate(texts)
    ]
    futures = [kept.platform.store.submit(one) for one in work]
    outcomes = [future.result() for future in futures]
    assert all(pair[1].status == "stored" for pair in outcomes)
    stored = [pair[0].status for pair in outcomes]
    assert stored[0] == stored[2] == stored[3] == "stored"
    if kept.platform.store.database.name == "postgresql" or bad != "\x00":
        assert outcomes[1][0].code in ("database_refused", "bad_text")


def test_a_source_with_bad_text_is_refused_as_a_whole(kept: Desk) -> None:
    item = {
        "id": "x",
        "type": "ReportCount",
        "hazard": "epidemic",
        "area": COMMUNITY,
        "day": "2022-03-01",
        "status": "confirmed",
        "count": 1,
    }
    before = dump(kept)
    for source in ("x\x00y", "\x1b[2J", "n" * 500):
        with pytest.raises(InputError) as refused:
            commands.submit_objects(kept.platform, kept.me, [item], source)
        assert refused.value.code == "bad_text"
    assert not differing(before, dump(kept))
    with kept.platform.store.read() as reader:
        assert set(reader.counts()) == {"test"}


def test_an_empty_batch_makes_no_source(kept: Desk) -> None:
    assert commands.submit_objects(kept.platform, kept.me, [], "nobody").received == 0
    with kept.platform.store.read() as reader:
        assert "nobody" not in reader.counts()


def test_a_refused_report_leaves_no_person_in_the_vault_and_no_key(kept: Desk) -> None:
    person = {"name": "Made Up", "document": "MADEUP0001", "phone": "000"}
    told = {"type": "ReportCase", "hazard": "epidemic", "area": COMMUNITY, "status": "confirmed"}
    before = dump(kept)
    rejected = [
        told | {"id": "a", "case": "x\x00", "person": person},
        told | {"id": "b", "case": "c-1", "person": person, "synthetic": "no"},
        told | {"id": "c", "case": "c-2", "person": person, "area": "nowhere"},
    ]
    account = commands.submit_objects(kept.platform, kept.me, rejected, "sender")
    assert len(account.rejected) == 3, account
    assert not differing(before, dump(kept))
    taken = told | {"id": "d", "case": "c-3", "person": person}
    assert commands.submit_objects(kept.platform, kept.me, [taken], "sender").stored == 1
    assert differing(before, dump(kept)) and dump(kept)["vault"]


def test_bytes_that_are_no_text_are_rejected_item_by_item(kept: Desk) -> None:
    good = json.dumps(
        {
            "id": "g",
            "type": "ReportHazard",
            "hazard": "flood",
            "area": COMMUNITY,
            "figure": "depth",
            "value": 1,
            "unit": "m",
        }
    ).encode()
    items = [
        good.replace(b'"g"', b'"\xff\xfe"'),
        good.replace(b"flood", b"fl\xffood"),
        good.replace(b"flood", b"\\ud800"),
        good,
    ]
    account = commands.submit(kept.platform, kept.me, items, "sender").result()
    assert account.stored == 1
    assert [one.index for one in account.rejected] == [0, 1, 2]


def test_every_text_of_every_message_is_found() -> None:
    """The walk over a message's type finds every text that a walk over a message finds."""
    for kind in COMMANDS:
        whole = msgspec.convert(
            {k: v for k, v in sample(kind).items() if k != "type"}, kind, strict=False
        )
        known = {name for name, _, _ in texts.text_fields(kind)} | one_of_few(kind)
        there = {n for n in kind.__struct_fields__ if list(texts.texts_of(getattr(whole, n)))}
        assert there <= known, kind


def one_of_few(kind: type[Command]) -> set[str]:
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    return {
        field.name
        for field in info.fields
        if any(
            isinstance(one, msgspec.inspect.LiteralType)
            for one in (field.type, *getattr(field.type, "types", ()))
        )
    }
