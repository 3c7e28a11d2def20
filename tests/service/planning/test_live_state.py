"""A forecast of a live emergency takes the disease that the emergency's hazard names."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser.made_city import make_city
from browser.stage import staged
from twinward.core.errors import InputError
from twinward.library.hazards.diseases import DEFAULT
from twinward.service.planning.live_state import only_hazard, usual_disease


def test_the_last_word_of_a_hazard_names_the_disease_where_it_is_known() -> None:
    assert usual_disease("epidemic/measles") == "measles"
    assert usual_disease("epidemic/sars-cov-2-omicron-ba2") == "sars-cov-2-omicron-ba2"
    assert usual_disease("epidemic") == usual_disease("epidemic/something-new") == DEFAULT


def test_the_only_hazard_with_incidents_need_not_be_named(tmp_path: Path) -> None:
    make_city(tmp_path / "ws")
    with staged(tmp_path / "ws") as stage:
        with pytest.raises(InputError) as raised:
            only_hazard(stage.platform, None)
        assert raised.value.code == "no_incident"
        stage.report_case()
        assert only_hazard(stage.platform, None) == "epidemic"
