"""What a message names belongs together and to each person who acts; a right is not given to
oneself; nobody's identity is written over.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import pytest

from twinward.core.clock import format_time
from twinward.core.errors import AbsentError
from twinward.edge.feeds.commands import OUTSIDE
from twinward.security.identity.people import Caller
from twinward.service.access.authorization import THINGS, THINGS_OF_ONE
from twinward.service.access.vault import open_identity
from twinward.service.intake.commands import submit_objects
from twinward.service.platform import local_admin

# words of a command that name no thing of somebody's: what kind it is, how much, who says so, why
FREE = {
    "hazard",
    "by",
    "objective",
    "status",
    "found_in",
    "source",
    "setting",
    "kind",
    "unit",
    "figure",
    "step",
    "name",
    "department",
    "result",
    "comment",
    "text",
    "to",
    "pending",
    "warnings",
    "alert",  # counts only together with its area
    "reason",
    "because",
    "note",
    "purpose",
    "plan",
    "version",
    "authority",
    "forecast",
    "starts",
    "instead_of",
    "bed",
    "bed_now",
    "vehicle",
    "observed",
    "report",
    "origin",  # where a group comes from: anywhere
    "gate",  # of a passage: held together with its source and day, see `list_named`
    "to_department",  # looked up in the library
    "goods",
    "responder",  # a call sign
    "rule",  # written over where somebody else than a rule says it
    # held against the module of the object
    "module",
    "facts",
    "check",
    "answers",
}
# who acts, for whom, where: held against the caller's areas, or a pseudonym
KNOWN = {"id", "area", "to_area", "from_area", "subject", "sensor", "as_case"}
# who keeps a stock or a bed in an area: a stock is found by area and holder together
HOLDERS = {"holder", "from_holder", "hospital", "to_hospital"}


@pytest.fixture
def two(world: Any, people: dict[str, Caller], monkeypatch: pytest.MonkeyPatch) -> Any:
    """A world with cases, an activation, a second duty officer and an investigator of elsewhere."""
    monkeypatch.setitem(people, "zhou", Caller(name="zhou", role="duty_officer"))
    monkeypatch.setitem(people, "he", Caller(name="he", role="duty_officer", areas=("31",)))
    monkeypatch.setitem(people, "fu", Caller(name="fu", role="duty_officer", areas=("31",)))
    monkeypatch.setitem(
        people, "jin", Caller(name="jin", role="community_officer", areas=("32-a",))
    )
    world.report_cases(per_leaf=1)
    world.open_activation(purposes=("trace", "vault", "care"))
    return world


def send(world: Any, who: str, *items: dict[str, Any]) -> Any:
    return world.post(who, "/v1/commands", {"items": list(items)}).json()


def proposal(world: Any, **fields: Any) -> dict[str, Any]:
    until = format_time(world.clock.now() + timedelta(days=3))
    return {"reason": "close contact", "basis": "article 41", "until": until, **fields}


def subject_of(world: Any, leaf: str) -> str:
    items = world.get("li", "/v1/cases").json()["items"]
    return str(next(item["subject"] for item in items if item["area"] == leaf))


def name_contact(world: Any, who: str, contact: str, leaf: str, subject: str) -> Any:
    item = {
        "type": "NameContact",
        "id": f"n-{contact}",
        "contact": contact,
        "area": leaf,
        "case": f"c-{leaf}-0",
        "subject": subject,
    }
    return send(world, who, item)


def test_every_word_of_every_command_is_looked_up_or_names_nothing() -> None:
    """A new command, or a new field of one, cannot name a thing without saying where it is looked
    up.
    """
    unknown = []
    for kind in OUTSIDE:
        for field in kind.__struct_fields__:
            form = str(kind.__annotations__.get(field, "")) or field
            named = field in THINGS or (kind.__name__, field) in THINGS_OF_ONE
            # where a case was: anywhere; where a parcel waits: a cabinet that is there, or a door
            place = field == "place" and kind.__name__ in ("ReportCase", "SendParcel")
            texts = any(word in form for word in ("Word", "Text", "AreaCode", "Because", "Literal"))
            if texts and not (named or place or field in FREE | KNOWN | HOLDERS):
                unknown.append((kind.__name__, field))
    assert unknown == []


@pytest.mark.parametrize("kind", [kind for kind in OUTSIDE if "area" not in kind.__struct_fields__])
def test_a_command_about_things_alone_names_at_least_one(kind: type) -> None:
    fields = set(kind.__struct_fields__)  # type: ignore[attr-defined]
    assert fields & THINGS.keys() or kind.__name__ == "SetThreshold"


def test_a_contact_of_another_district_is_not_isolated_by_a_decision_about_somebody_else(
    two: Any,
) -> None:
    theirs = subject_of(two, "32-a")
    assert name_contact(two, "li", "k-32", "32-a", theirs)["stored"] == 1
    order = proposal(two, kind="quarantine_order", area="31", subject="p-someone", thing="k-32")
    refused = two.post("wang", "/v1/changes", order)
    absent = two.post("wang", "/v1/changes", order | {"thing": "k-none"})
    assert refused.status_code == absent.status_code == 404
    assert refused.text.replace("k-32", "") == absent.text.replace("k-none", "")
    own = proposal(two, kind="quarantine_order", area="32-a", subject="p-someone", thing="k-32")
    assert two.post("li", "/v1/changes", own).json()["code"] == "other_person"


def test_a_plan_is_not_put_in_force_for_an_incident_of_another_district(two: Any) -> None:
    incident = next(
        item for item in two.get("li", "/v1/incidents").json()["items"] if item["area"] != "31"
    )
    action = proposal(
        two, kind="mass_action", area="31", thing=incident["id"], value="epidemic-i-whole-city"
    )
    assert two.post("he", "/v1/changes", action).status_code == 404


def test_a_status_is_not_given_to_a_person_who_is_on_record_elsewhere_only(two: Any) -> None:
    status = proposal(two, kind="status", area="31-a", value="home_quarantine")
    theirs = status | {"subject": subject_of(two, "32-a")}
    assert two.post("wang", "/v1/changes", theirs).status_code == 404
    mine = status | {"subject": subject_of(two, "31-a")}
    assert two.post("wang", "/v1/changes", mine).status_code == 201


def test_what_a_change_names_is_looked_at_again_when_it_is_confirmed(two: Any) -> None:
    """A proposal that an earlier release let through is not carried out."""
    from twinward.service.access import approvals, belonging

    theirs = subject_of(two, "32-a")
    name_contact(two, "li", "k-32", "32-a", theirs)
    order = proposal(two, kind="quarantine_order", area="31", subject="p-someone", thing="k-32")
    kept, approvals.require_together = approvals.require_together, lambda *told: None  # type: ignore[assignment]
    try:
        made = two.post("wang", "/v1/changes", order).json()["id"]
    finally:
        approvals.require_together = kept
    assert belonging.require_together is kept
    answer = two.post("he", f"/v1/changes/{made}/answer", {"act": "confirm"})
    assert answer.status_code == 404
    with two.platform.store.read() as rows:
        assert rows.find("contacts", "k-32").step == "named"


@pytest.mark.parametrize("way", ["contact", "case"])
def test_nobody_opens_a_name_by_putting_the_person_on_record_themselves(
    two: Any, people: dict[str, Caller], way: str
) -> None:
    theirs = subject_of(two, "32-a")
    if way == "contact":
        assert name_contact(two, "zhao", "k-own", "31-a", theirs)["stored"] == 1
    else:
        item = {
            "type": "ReportCase",
            "id": "own",
            "case": "own",
            "hazard": "epidemic",
            "area": "31-a",
            "status": "suspected",
            "subject": theirs,
        }
        assert send(two, "zhao", item)["stored"] == 1
    with pytest.raises(AbsentError):
        open_identity(two.platform, people["zhao"], theirs, "who is this")
    assert open_identity(two.platform, people["jin"], theirs, "who is this").name == "Canary 32-a 0"
    # another person's word gives the right
    assert name_contact(two, "li", "k-other", "31-a", theirs)["stored"] == 1
    assert open_identity(two.platform, people["zhao"], theirs, "who is this").name


def test_a_name_put_on_record_in_ones_own_area_can_be_opened(
    two: Any, people: dict[str, Caller]
) -> None:
    item = {
        "type": "ReportCase",
        "id": "new",
        "case": "new",
        "hazard": "epidemic",
        "area": "31-a",
        "status": "suspected",
        "person": {"name": "A New One", "document": "D-NEW"},
    }
    assert send(two, "zhao", item)["stored"] == 1
    with two.platform.store.read() as rows:
        subject = rows.find("cases", "new").subject
    assert open_identity(two.platform, people["zhao"], subject, "to call").name == "A New One"


def test_an_identity_is_never_written_over_and_both_are_shown(
    two: Any, people: dict[str, Caller]
) -> None:
    theirs = subject_of(two, "32-a")
    before = open_identity(two.platform, people["jin"], theirs, "who is this")
    item = {"type": "ReportCase", "hazard": "epidemic", "area": "31-a", "status": "suspected"}
    persons = (
        {"name": "WRONG", "document": "DOC-CANARY-32-a-0", "phone": "000"},  # taken for another
        {"name": "Canary 32-a 0", "document": "DOC-CANARY-32-a-0", "address": "elsewhere"},
    )
    for n, person in enumerate(persons):
        assert send(two, "sun", item | {"id": f"w{n}", "case": f"w{n}", "person": person})["stored"]
    found = open_identity(two.platform, people["jin"], theirs, "who is this")
    told = ("name", "document", "phone", "address")
    assert [getattr(found, one) for one in told] == [getattr(before, one) for one in told]
    assert "elsewhere" in [one.address for one in found.also]
    again = item | {"id": "w9", "case": "w1", "person": persons[1] | {"address": "a third"}}
    assert send(two, "sun", again)["rejected"][0]["code"] == "already_reported"
    after = open_identity(two.platform, people["jin"], theirs, "who is this")
    assert "a third" not in [one.address for one in after.also]


def test_a_name_of_a_refused_report_leaves_the_vault_at_once(two: Any) -> None:
    first = {
        "type": "ReportCase",
        "id": "x1",
        "case": "c-31-a-0",
        "hazard": "epidemic",
        "area": "31-a",
        "status": "confirmed",
        "person": {"document": "D-X", "name": "X"},
    }
    assert send(two, "sun", first)["rejected"][0]["code"] == "case_mismatch"
    count = two.platform.vault._db.execute("SELECT count(*) FROM identities").fetchone()
    assert count == (4,)


def test_a_place_belongs_to_the_area_that_reported_it(two: Any) -> None:
    place = {
        "type": "ReportAffectedPlace",
        "id": "m1",
        "place": "mall-1",
        "name": "The Mall",
        "hazard": "epidemic",
        "area": "32-a",
        "day": "2022-03-31",
    }
    assert send(two, "li", place)["stored"] == 1
    taken = place | {"id": "m2", "name": "Renamed", "area": "31-a"}
    assert send(two, "zhao", taken)["rejected"][0]["code"] == "area_not_yours"
    assert send(two, "sun", taken | {"id": "m3"})["rejected"][0]["code"] == "area_not_yours"
    with two.platform.store.read() as rows:
        row = rows.find("affected_places", "mall-1")
    assert (row.area, row.name) == ("32-a", "The Mall")


def test_a_sensor_of_another_district_is_not_spoken_for(two: Any) -> None:
    threshold = {
        "type": "SetThreshold",
        "id": "t",
        "hazard": "flood",
        "figure": "depth_m",
        "at_least": 0.3,
        "unit": "m",
    }
    note = {
        "type": "NoteReading",
        "id": "a",
        "sensor": "gauge",
        "area": "32-a",
        "figure": "depth_m",
        "value": 0.5,
        "unit": "m",
    }
    assert send(two, "li", threshold, note)["stored"] == 2
    taken = note | {"id": "b", "area": "31-a", "value": 9.0}
    assert send(two, "sun", taken)["rejected"][0]["code"] == "area_not_yours"


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"type": "water_depth", "area": "32-a", "value": 9.5}, "area_not_yours"),
        (
            {"type": "water_depth", "place": "gauge-32", "area": "31-a", "value": 9.5},
            "area_not_yours",
        ),
        ({"type": "water_depth", "place": "gauge-32", "value": 9.5}, "area_not_yours"),
        ({"type": "water_depth", "place": "gauge-new", "value": 9.5}, "no_area"),
        ({"type": "temperature", "subject": "p-1", "value": 39.4}, "no_area"),
        ({"type": "water_depth", "area": "31-a", "value": 9.5}, None),
    ],
)
def test_observations_are_held_against_the_senders_areas(
    two: Any, item: dict[str, Any], code: str | None
) -> None:
    at = format_time(two.clock.now())
    body = {
        "source": "s",
        "items": [
            {
                "source_id": "g",
                "occurred_at": at,
                "type": "water_depth",
                "place": "gauge-32",
                "area": "32-a",
                "value": 0.1,
            }
        ],
    }
    assert two.post("xu", "/v1/observations", body).json()["stored"] == 1
    sent = {"source": "h", "items": [item | {"source_id": "h", "occurred_at": at}]}
    answer = two.post("sun", "/v1/observations", sent).json()
    assert [one["code"] for one in answer["rejected"]] == ([code] if code else [])


def test_a_bulk_opening_that_cannot_be_whole_is_refused_and_uses_nothing(two: Any) -> None:
    mine, theirs = subject_of(two, "31-a"), subject_of(two, "32-a")
    bulk = proposal(two, kind="bulk_opening", area="31", subjects=[mine, theirs])
    assert two.post("wang", "/v1/changes", bulk).status_code == 404
    assert two.post("wang", "/v1/changes", bulk | {"subjects": [mine, "p-none"]}).status_code == 404
    made = two.post("wang", "/v1/changes", bulk | {"subjects": [mine]}).json()["id"]
    two.post("li", f"/v1/changes/{made}/answer", {"act": "confirm"})
    opening = {"change": made, "reason": "letters to all"}
    two.platform.vault._db.execute("DELETE FROM identities WHERE subject = ?", (mine,))
    assert two.post("wang", "/v1/identities", opening).status_code == 404
    with two.platform.store.read() as rows:
        assert rows.find("changes", made).status == "in_force"
    assert not two.events("LookRecorded")


def test_the_words_of_access_that_a_release_knows_are_kept(two: Any) -> None:
    from twinward.twins.emergency.notices.messages import AccessKind

    assert {"changes_seen", "flows_seen", "retention_run", "published"} <= set(get_args(AccessKind))


def test_who_is_everywhere_reports_for_every_area(two: Any) -> None:
    item = {
        "type": "ReportHazard",
        "id": "h",
        "hazard": "flood",
        "area": "32-a",
        "figure": "depth_m",
        "value": 1.0,
        "unit": "m",
    }
    assert submit_objects(two.platform, local_admin(), [item], "test").stored == 1


def test_a_passage_of_another_areas_gate_is_not_written_over(two: Any) -> None:
    said = {"type": "ReportPassage", "kind": "road", "day": "2022-02-01", "source": "gate desk"}
    here = {**said, "id": "p-1", "gate": "g-1", "area": "310-a", "arrived": 40}
    assert send(two, "li", here)["rejected"] == []
    own = {**said, "id": "p-2", "gate": "g-2", "area": "31-a", "arrived": 7}
    assert send(two, "he", own)["rejected"] == []
    theirs = {**said, "id": "p-3", "gate": "g-1", "area": "31-a", "arrived": 0}
    answer = send(two, "he", theirs)
    assert len(answer["rejected"]) == 1 and answer["stored"] == 0
