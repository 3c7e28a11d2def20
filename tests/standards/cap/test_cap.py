"""CAP documents and chains: written as the schema wants, read strictly, life cycles judged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from twinward.core.errors import InputError
from twinward.standards.cap.chain import check_chain
from twinward.standards.cap.document import (
    NAMESPACE,
    CapMessage,
    CapReference,
    CapText,
    read_cap,
    write_cap,
)
from twinward.standards.cap.feed import FeedEntry, write_feed

SENT = datetime(2030, 7, 1, 8, 0, tzinfo=UTC)
RING = ((31.0, 121.0), (31.5, 121.0), (31.5, 121.5), (31.0, 121.0))
TEXT = CapText(
    language="zh-CN",
    event="洪水",
    category=("Met",),
    urgency="Immediate",
    severity="Severe",
    certainty="Likely",
    response=("Evacuate",),
    effective=SENT,
    expires=SENT + timedelta(hours=6),
    headline="外滩水位 <上涨> & 更高",
    description="请离开河岸",
    instruction="往高处走",
    area="黄浦区",
    polygons=(RING,),
    geocodes=(("area", "310101"),),
)
FIRST = CapMessage(
    identifier="a-1", sender="alerts@city", sent=SENT, status="Actual", kind="Alert", texts=(TEXT,)
)
ORDER = """identifier sender sent status msgType source scope restriction addresses code note
references incidents info"""
INFO_ORDER = """language category event responseType urgency severity certainty audience eventCode
effective onset expires senderName headline description instruction web contact parameter resource
area"""


def follow(name: str, kind: str, *names: str, minutes: int = 1, **more: Any) -> CapMessage:
    references = tuple(
        CapReference(sender=FIRST.sender, identifier=one, sent=SENT) for one in names
    )
    return msgspec.structs.replace(
        FIRST,
        identifier=name,
        kind=kind,
        references=references,
        **({"sent": SENT} | more),
    )


def test_a_document_comes_back_as_it_was_and_stands_in_the_order_of_the_schema() -> None:
    second = follow("a-2", "Update", "a-1")
    for one in (FIRST, second):
        assert read_cap(write_cap(one)) == one
    root = ElementTree.fromstring(write_cap(second))
    names = [child.tag.removeprefix(f"{{{NAMESPACE}}}") for child in root]
    assert names == sorted(names, key=ORDER.split().index)
    info = root.find(f"{{{NAMESPACE}}}info")
    assert info is not None
    inner = [child.tag.removeprefix(f"{{{NAMESPACE}}}") for child in info]
    assert inner == sorted(inner, key=INFO_ORDER.split().index)
    assert root.findtext(f"{{{NAMESPACE}}}sent") == "2030-07-01T08:00:00+00:00"  # never Z
    assert b"31.000000,121.000000" in write_cap(FIRST)  # lat,lon


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("<expires>2030-07-01T14", "<expires>2030-07-01T07", "is not after sent"),
        ("31.000000,121.000000 31.5", "121.000000,31.000000 31.5", "latitude beyond 90"),
        ("31.500000,121.500000 31.000000,121.000000<", "31.500000,121.500000<", "shorter than"),
        (" 31.000000,121.000000<", " 31.000000,121.900000<", "open"),
        (
            "31.500000,121.000000 31.500000,121.500000",
            "31.500000,121.500000 31.500000,121.000000 31.100000,121.400000",
            "crosses itself",
        ),
        ("<status>Actual", "<status>Real", "status must be one of"),
        ("<identifier>a-1", "<identifier>a 1", "holds a space"),
        ("2030-07-01T08:00:00+00:00</sent>", "2030-07-01</sent>", "no instant with a zone"),
        ("<urgency>Immediate</urgency>", "", "urgency is missing"),
        ("cap:1.2", "cap:1.1", "not the alert of CAP 1.2"),
        ("<?xml", "<!DOCTYPE a [<!ENTITY x 'y'>]><?xml", "document type"),
        ("encoding='utf-8'?>", "encoding='utf-8'?><!DOCTYPE a>", "document type"),
        ("</alert>", "", "no XML"),
    ],
)
def test_a_document_that_contradicts_itself_is_refused(was: str, now: str, said: str) -> None:
    text = write_cap(FIRST).decode()
    assert was in text
    with pytest.raises(InputError, match=said):
        read_cap(text.replace(was, now, 1).encode())


@pytest.mark.parametrize(
    ("chain", "codes"),
    [
        ([FIRST, follow("a-2", "Update", "a-1"), follow("a-3", "Cancel", "a-1", "a-2")], []),
        ([FIRST, follow("a-2", "Cancel")], ["no_references"]),
        ([FIRST, follow("a-2", "Update", "a-9")], ["unknown_reference"]),
        ([FIRST, follow("a-2", "Update", "a-2")], ["circular"]),
        ([follow("a-2", "Update", "a-3"), follow("a-3", "Update", "a-2")], ["circular"] * 2),
        ([FIRST, msgspec.structs.replace(FIRST, status="Test")], ["identifier_reused"]),
        (
            [FIRST, follow("a-2", "Cancel", "a-1"), follow("a-3", "Update", "a-1")],
            ["follows_cancel"],
        ),
        (
            [FIRST, follow("a-2", "Cancel", "a-1"), follow("a-3", "Update", "a-2")],
            ["follows_cancel"],
        ),
        (
            [msgspec.structs.replace(FIRST, sender="else"), follow("a-2", "Update", "a-1")],
            ["wrong_reference"],
        ),
        ([FIRST, FIRST], []),
    ],
)
def test_a_chain_is_judged(chain: list[CapMessage], codes: list[str]) -> None:
    assert [one.code for one in check_chain(chain)] == codes


def test_a_feed_says_the_state_of_each_alert() -> None:
    entry = FeedEntry(
        identifier="a-1",
        title="水位 & <高>",
        summary="s",
        state="cancelled",
        updated=SENT,
        published=SENT,
        href="a/a-1.xml",
    )
    root = ElementTree.fromstring(write_feed("Alerts", "city", "city", SENT, [entry]))
    atom = "{http://www.w3.org/2005/Atom}"
    (found,) = root.findall(f"{atom}entry")
    assert found.findtext(f"{atom}title") == "水位 & <高>"
    assert found.find(f"{atom}category").attrib == {"term": "cancelled"}  # type: ignore[union-attr]
