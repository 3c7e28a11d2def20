"""What a reader notes beside a report names nobody."""

from __future__ import annotations

from helpers.cities import COMMUNITY, Desk


def test_a_note_that_holds_a_number_of_a_person_is_refused(desk: Desk) -> None:
    told = {"case": "c-1", "subject": "p-1", "hazard": "epidemic", "area": COMMUNITY}
    told |= {"status": "confirmed"}
    code = desk.refusal("ReportCase", note="call 13900001111", **told)
    assert code == "direct_identity"
    assert desk.post("ReportCase", note="onset: the day is missing", **told).stored == 1


def test_what_was_said_of_a_case_is_not_in_the_stream_for_everybody(desk: Desk) -> None:
    told = {"case": "c-1", "subject": "p-1", "hazard": "epidemic", "area": COMMUNITY}
    desk.post("ReportCase", status="suspected", **told)
    desk.post("ReportCase", status="confirmed", onset="2022-02-20", place="ward 3", **told)
    (event,) = [event for event in desk.events() if event["type"] == "CaseReclassified"]
    assert "2022-02-20" not in str(event["fact"])
    assert "ward 3" not in str(event["fact"])
