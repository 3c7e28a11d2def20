"""A scene, its faults and what is wrong with a file, as somebody reads it who reads Chinese."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from twinward.citybase.scene.validity.faults import NAMES
from twinward.cli.main import main
from twinward.core.language import reading_in
from twinward.library.error_texts import say_known

BOX = [[[[0, 2, 3, 1]], [[4, 5, 7, 6]], [[0, 1, 5, 4]], [[1, 3, 7, 5]], [[3, 2, 6, 7]], [[2, 0, 4, 6]]]]  # fmt: skip
CORNERS = [[x, y, z] for z in (0, 9) for y in (0, 9) for x in (0, 9)]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def write(folder: Path, **other: Any) -> Path:
    shape = {"type": "Solid", "lod": "2.2", "boundaries": BOX}
    document = {
        "type": "CityJSON", "version": "2.0", "transform": {"scale": [1, 1, 1], "translate": [84_600, 447_500, 0]},
        "metadata": {"referenceSystem": "EPSG:7415"}, "CityObjects": {"b": {"type": "Building", "geometry": [shape]}},
        "vertices": CORNERS,
    }  # fmt: skip
    path = folder / "a.city.json"
    path.write_text(json.dumps(document | other), "utf-8")
    return path


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"metadata": {}}, "没有说明所用的坐标系. 请加上 --crs EPSG:n"),
        ({"metadata": {"referenceSystem": "EPSG:2056"}}, "超出 EPSG:2056 的适用范围"),
        (
            {"metadata": {"referenceSystem": "EPSG:5709"}},
            "不是可定位的坐标系. 请给出平面或地理坐标系",
        ),
        ({"version": "0.9"}, "版本为 '0.9'. 可读的版本为 1.0, 1.1, 2.0：请用 cjio 升级该文件"),
        ({"transform": None}, "2.0 版须有 transform. 请用 CityJSON 校验工具检查该文件"),
        ({"CityObjects": {}}, "数据中没有可绘制的对象. 请另指定文件"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], other: Any, told: str
) -> None:
    path = write(tmp_path, **other)
    build = ["scene", "build", "--cityjson", str(path), "--out", str(tmp_path / "s")]
    assert main([*build, "--workspace", str(tmp_path), "--lang", "zh"]) == 2
    assert told in capsys.readouterr().err


def test_a_scene_and_its_check_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--workspace", str(tmp_path), "--lang", "zh"]
    open_box = {"type": "Solid", "lod": "1", "boundaries": [BOX[0][1:]]}
    item = {"type": "Building", "geometry": [open_box]}
    path = write(tmp_path, CityObjects={"b": item, "c": {"type": "Building"}})
    out = tmp_path / "s"
    assert main(["scene", "build", "--cityjson", str(path), "--out", str(out), *where]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "读入 2 个对象，场景中有 2 个，其中 1 个没有几何" in lines
    assert "  缺陷 302 壳体未闭合：1 个对象（b）" in lines
    assert "  说明：1 个，对象没有可绘制的几何" in lines
    assert all(CHINESE.search(line) for line in lines[:-1])
    assert main(["scene", "check", str(out), *where]) == 0
    told = capsys.readouterr().out.splitlines()[-1]
    assert re.fullmatch(r"tileset\.json：合格，0 个错误，0 个警告（\d+ 个瓦片，\d+ 个内容）", told)
    assert main(["scene", "check", "--cityjson", str(path), *where]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "a.city.json：1 种缺陷"


def test_every_fault_of_geometry_has_its_name() -> None:
    with reading_in("zh"):
        assert all(CHINESE.search(say_known(name)) for name in NAMES.values())
