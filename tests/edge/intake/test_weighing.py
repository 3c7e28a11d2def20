"""What a sentence is about is weighed by words that can be read; unsure is no claim."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinward.edge.intake.extract import LEAST_SHARE
from twinward.edge.intake.features import find_features, stem
from twinward.edge.intake.kinds import load_kinds
from twinward.edge.intake.training import PHRASES, digest, learn, read_phrases, write
from twinward.edge.intake.weighing import NONE, WEIGHTS, load_weights


def test_the_weights_follow_from_the_phrases_that_stand_beside_them() -> None:
    text = (PHRASES / WEIGHTS).read_text("utf-8")
    assert f"# of {digest()}\n" in text, "run python -m twinward.edge.intake.training"
    known = {one.id for one in load_kinds().kind} - {"speech"}
    assert set(load_weights().kinds) == known | {NONE}
    phrases = read_phrases()
    assert all(sum(kind == one for _, kind in phrases) >= 50 for one in known)


def test_what_is_learnt_is_the_same_on_every_run(tmp_path: Path) -> None:
    told = [one for one in read_phrases() if one[1] in ("fire", "flood", "none")][::6]
    first = write(learn(told), "x")
    assert first == write(learn(told), "x")
    learnt = learn([*told, ("the pigs have got out", "fire")])
    assert learnt.weigh("pigs have got out again")[0].kind == "fire"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("老王家灶台上的锅烧着了，整间屋子都是烟", "fire"),
        ("the canal came over and our hall is ankle deep", "flood"),
        ("宿舍里七八个人一起发烧咳嗽", "cases"),
        ("we are out of dressings and nearly out of saline", "missing_supplies"),
        ("吊臂横在匝道上，谁也过不去", "road_blocked"),
        ("灯全灭了，冰柜里的肉都化了", "power_out"),
        ("今晚的烤鱼真香，下次还来", NONE),
        ("the choir sings on Sunday at four", NONE),
    ],
)
def test_ways_of_saying_that_stand_in_no_list(text: str, kind: str) -> None:
    assert text not in {phrase for phrase, _ in read_phrases()}
    assert load_weights().weigh(text)[0].kind == kind


def test_the_words_that_speak_for_a_kind_are_shown() -> None:
    text = "昨晚开会之后三楼起火，大家都下楼了"
    best = load_weights().weigh(text)[0]
    assert (best.kind, text[best.start : best.end]) == ("fire", "起火")


def test_what_says_nothing_known_is_claimed_by_nobody() -> None:
    weights = load_weights()
    for text in ("qwx zzkk vvb", "", "嗯", "☃☃☃", "0 0 0"):
        best = weights.weigh(text)[0]
        assert best.kind == NONE or best.share < LEAST_SHARE


def test_forms_of_a_word_are_one_feature() -> None:
    assert stem("flooded") == stem("floods") == stem("flooding")
    assert stem("fell") == "fall"
    assert f"no {stem('power')}" in find_features("there is no power")
    assert find_features("水深35厘米").keys() >= {"水", "水深", "0", "深0厘"}
