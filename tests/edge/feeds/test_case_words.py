"""Statuses in the words of clerks, and codes of areas that a spreadsheet has spoilt."""

from __future__ import annotations

import pytest

from twinward.edge.feeds.case_words import read_words, tidy_area

AREAS = {"310101002001", "0101", "0102", "A"}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Confirmed", "confirmed"), ("CONFIRMED ", "confirmed"), ("确诊", "confirmed"),
        ("bestätigt", "confirmed"), ("Positive", "confirmed"), ("疑似", "suspected"),
        ("Probable", "suspected"), ("无症状感染者", "asymptomatic"), ("died", "dead"),
        ("Óbito", "dead"), ("死亡", "dead"), ("cured", "recovered"), ("not a case", "discarded"),
        ("negative", "negative"), ("perhaps", "perhaps"),
    ],
)  # fmt: skip
def test_a_status_is_read_in_the_words_of_clerks(said: str, meant: str) -> None:
    assert read_words({"status": said, "name": "Died"}) == {"status": meant, "name": "Died"}


def test_where_somebody_was_found_is_read_too() -> None:
    assert read_words({"found_in": "社会面"}) == {"found_in": "community"}
    assert read_words({"found_in": "Quarantine"}) == {"found_in": "control"}


@pytest.mark.parametrize(
    "said",
    ["310101002001", " 310101002001", "'310101002001", "310101002001.0", "3.10101002001E+11",
     "３１０１０１００２００１", 310101002001, 310101002001.0],
)  # fmt: skip
def test_a_code_that_became_a_number_is_that_code(said: object) -> None:
    assert tidy_area(said, AREAS)[0] == "310101002001"


def test_noughts_in_front_come_back_and_what_is_lost_stays_lost() -> None:
    assert tidy_area("101", AREAS) == (
        "0101",
        "the noughts in front of the area's code were put back",
    )
    assert tidy_area("3.10101E+11", AREAS) == ("3.10101E+11", "")
    assert tidy_area("999", AREAS) == ("999", "")
