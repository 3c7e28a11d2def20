"""A city opens, describes itself and gives its residents as frames that agree."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import pytest

import twinward as tw
from twinward.citybase.columns import CityManifest, write_columns, write_manifest
from twinward.citybase.schema import SCHEMA_VERSION

matplotlib.use("Agg")


def test_the_tables_of_a_city_agree() -> None:
    city = tw.city.plain(9000, seed=2)
    areas, ages, residents = (city.to_frame(name) for name in ("areas", "ages", "residents"))
    assert areas["residents"].iloc[0] == 9000
    assert areas["residents"].iloc[1:].sum() == 9000
    assert ages["men"].sum() + ages["women"].sum() == len(residents) == 9000
    assert (residents["sex"] == "female").sum() == ages["women"].sum()
    assert set(residents["area"]) <= set(areas["code"])
    assert city.to_frame("sites")["kind"].isin(["workplace", "primary", "hospital"]).any()


def test_a_city_shows_itself_and_plots() -> None:
    city = tw.city.plain(1000)
    assert repr(city).startswith("<City: name plain, residents 1,000")
    assert city.plot().get_ylabel() == "age in years"


def test_a_written_city_opens_from_its_workspace_or_its_folder(tmp_path: Path) -> None:
    base = tw.city.plain(1000).base
    folder = tmp_path / "ws" / "city"
    folder.mkdir(parents=True)
    write_columns(base, folder)
    lengths = {name: len(getattr(base, name)) for name in base.__struct_fields__[:11]}
    write_manifest(
        CityManifest(
            schema_version=SCHEMA_VERSION,
            name=base.name,
            timezone=base.timezone,
            sha256=base.sha256,
            lengths=lengths,
            leaf_codes=base.leaf_codes,
            areas=base.areas,
            report={},
            fidelity={},
        ),
        folder,
    )
    for place in (tmp_path / "ws", folder, str(folder)):
        assert tw.city.open(place).summary["residents"] == 1000


def test_a_folder_without_a_city_is_absent(tmp_path: Path) -> None:
    with pytest.raises(tw.InputError, match="no city"):
        tw.city.open(tmp_path)
    with pytest.raises(tw.ArgumentError) as raised:
        tw.city.plain(0)
    assert raised.value.argument == "residents"
