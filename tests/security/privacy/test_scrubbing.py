"""Numbers that call or name a person are hidden wherever they stand, and on every surface; what
only looks like one stays.
"""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest

from twinward.security.privacy.scrubbing import HIDDEN, scrub, scrub_json

NUMBERS = (
    "13987650002", "139-8765-0002", "139 8765 0002", "139 876 50002", "１３９８７６５０００２",
    "+86 139 8765 0002", "+8613987650002", "＋86 13987650002", "8613987650002", "021-87650005",
    "021 87650005", "02187650005", "(021)87650005", "0755-8765000", "310101199003070006",
    "31010119900307000X", "310101 19900307 0006", "310101-19900307-0006", "３１０１０１１９９００３０７０００６",
    "310101900307123", "someone@example.cn", "someone＠example.cn", "+44 20 7946 0958",
    "139\u200b8765\u200b0002", "1\u200b3\u200b9\u200b87650002", "139\u00a08765\u202f0002", "139.8765.0002", "139/8765/0002", "139,8765,0002",
    "139_8765_0002", "139·8765·0002", "310101\u200b19900307\u200b0006", "021\ufeff87650005",
)  # fmt: skip
AROUND = (
    "{}",
    "电话{}的",
    "身份证{}号",
    "call {} now",
    "tel{}",
    "（{}）",
    "{}，{}",
    "x:{};",
    '"{}"',
)
KEPT = (
    "310101002001", "2022-04-13T08:00:00.123456Z", "2022-04-13 08:00", "act-7g13912345678q0", "epidemic",
    "121.473702,31.230421", "5d41402abc13987650002f9", "1,234,567.89", "c-31-a-0", "310101", "31.2304",
    "case-000000000012", "chg-0abc12345678901", "1648800000000000", "p-70b8213987650002ab12",
    "2022-04-13 to 2022-04-14", "1 2 3 4 5",
    "135,1234,5678.9", "0.139.8765.0002", "1,398,765,000",
)  # fmt: skip


@pytest.mark.parametrize(("number", "around"), list(itertools.product(NUMBERS, AROUND)))
def test_a_number_that_calls_or_names_somebody_is_hidden(number: str, around: str) -> None:
    shown = scrub(around.format(*[number] * around.count("{}")))
    assert number not in shown and HIDDEN in shown


@pytest.mark.parametrize("text", KEPT)
def test_what_names_nobody_stays(text: str) -> None:
    assert scrub(text) == text
    assert scrub(f"在{text}处") == f"在{text}处"


def test_json_keeps_its_form_and_its_numbers() -> None:
    told = {
        "count": 13987650002,
        "at": [31010119900307, 1.5],
        "说": "电话13987650002的",
        "ok": 'a"b\\',
    }
    body = msgspec.json.encode(told)
    shown = msgspec.json.decode(scrub_json(body))
    assert shown == told | {"说": f"电话{HIDDEN}的"}
    assert scrub_json(b'{"a":"b"}') == b'{"a":"b"}'


@pytest.fixture
def written(world: Any) -> Any:
    """A number in every free text that people write, beside Chinese letters and with separators."""
    world.report_cases(per_leaf=3)
    said = "电话139-8765-0002的，身份证310101199003070006号"
    task = next(t for t in world.get("li", "/v1/tasks").json()["items"] if t["status"] == "ordered")
    department = task["department"]
    items: list[dict[str, Any]] = [
        {"type": "ConfirmOrder", "id": "o1", "task": task["id"], "department": department},
        {"type": "CommentTask", "id": "o2", "task": task["id"], "department": department,
         "comment": said},
        {"type": "RequestSupply", "id": "o3", "request": "q1", "kind": "masks", "quantity": 5.0,
         "unit": "pieces", "area": "31-a", "purpose": said},
    ]  # fmt: skip
    world.post("li", "/v1/commands", {"items": items})
    from twinward.service.access import activations

    activations.open_activation(
        world.platform, world.person("li"), hazard="epidemic", areas=["all"],
        purposes=["trace", "vault", "care"], days=7, by="li", basis=said,
    )  # fmt: skip
    return world


def test_no_route_shows_a_number_that_somebody_wrote(written: Any) -> None:
    """Every GET route without parameters, and those of an incident, as the officer who sees most."""
    incident = written.get("li", "/v1/incidents").json()["items"][0]["id"]
    paths = written.client.get("/openapi.json").json()["paths"]
    tried = 0
    for path, ways in paths.items():
        name = path.replace("{incident}", incident)
        if "get" not in ways or "{" in name or name.endswith(".pdf") or "health" in name:
            continue
        answer = written.get("li", name)
        assert answer.status_code < 500, name
        # four digits alone stand by chance in an id or a hash
        for part in ("139-8765", "8765-0002", "19900307"):
            assert part not in answer.text, name
        tried += answer.status_code == 200
    assert tried > 15
    assert HIDDEN in written.client.get("/v1/activations").text


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "13900005555"}, {"case": "13900005555"}, {"subject": "Zhang San"},
        {"subject": "13900005555"}, {"source": "电话13900005555"}, {"place": "a@b.cn"},
        {"case": "310101199003070006"}, {"id": "r-139 0000 5555"},
    ],
)  # fmt: skip
def test_ids_and_sources_are_held_like_subjects(world: Any, fields: dict[str, str]) -> None:
    item = {"type": "ReportCase", "id": "r", "case": "c", "subject": "p-1", "hazard": "epidemic",
            "area": "31-a", "status": "confirmed"}  # fmt: skip
    answer = world.post("sun", "/v1/commands", {"items": [item | fields]}).json()
    assert answer["rejected"][0]["code"] == "direct_identity"
    assert not any(value in str(answer) for value in fields.values())
