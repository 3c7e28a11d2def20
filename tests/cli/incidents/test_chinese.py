"""Incidents, their timeline and tasks as a Chinese duty room reads them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from twinward.cli.main import main

WORDS = re.compile(r"[A-Za-z]{2,}")
IDS = re.compile(
    r"\b(?:inc|task|c)-[a-z0-9]+|epidemic-iv-watch|local-admin|loop|clauses?|[a-z_]+\."
)


def test_a_report_its_incident_and_its_orders_are_told_in_chinese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--workspace", str(tmp_path / "w"), "--lang", "zh"]
    cases = tmp_path / "cases.csv"
    cases.write_text("case,name,phone,area,status\nc-1,张某,13800000000,city,confirmed\n", "utf-8")
    assert main(["init", where[1], "--lang", "zh"]) == 0
    reported = ["case", "report", str(cases), "--source", "h-7", "--set", "hazard=epidemic"]
    assert main([*reported, *where]) == 0
    capsys.readouterr()

    assert main(["incident", "list", *where]) == 0
    line = capsys.readouterr().out
    assert "未结" in line and "呼吸道传染病疫情" in line
    incident = line.split()[0]
    assert main(["incident", "show", incident, "--timeline", *where]) == 0
    shown = capsys.readouterr().out
    for word in ("级响应", "预案：", "任务：", "病例报告", "响应定级", "指令下达", "疾病预防控制"):
        assert word in shown
    assert WORDS.findall(IDS.sub("", shown.split("\n")[0])) == []
    assert main(["task", "list", "--status", "all", *where]) == 0
    tasks = capsys.readouterr().out.splitlines()
    assert tasks and all("已下达" in one or "等待前序任务" in one for one in tasks)
    assert all(WORDS.findall(IDS.sub("", one.rpartition(" ")[2])) == [] for one in tasks)
