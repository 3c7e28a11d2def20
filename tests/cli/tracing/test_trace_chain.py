"""`twinward trace chain` from the outside: files in, one JSON object out, faults named with exit
code 2.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import msgspec
import pytest

from twinward.cli.main import main
from twinward.rehearsal.chain_truth import DISEASES, pretend_outbreak

KEYS = {
    "cases",
    "links",
    "generations",
    "r_by_generation",
    "k",
    "top20_share",
    "unlinked",
    "seconds",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A line list with a byte order mark and mixed line ends, and its contacts with other column
    names.
    """
    folder = tmp_path_factory.mktemp("chain")
    spec = msgspec.structs.replace(
        DISEASES["measles"], cases=60, contact_recall=0.7, onset_missing=0.1
    )
    truth = pretend_outbreak(spec, 3)
    table = {**truth.columns, **truth.places}
    lines = [",".join(table)] + [",".join(row) for row in zip(*table.values(), strict=True)]
    ends = ["\r\n", "\n", "\r"]
    text = "".join(line + ends[number % 3] for number, line in enumerate(lines))
    (folder / "list.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    with (folder / "contacts.csv").open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerows([("who", "whom"), *truth.contacts])
    return folder


def run_json(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object]]:
    code = main(["trace", "chain", *words, "--json"])
    return code, json.loads(capsys.readouterr().out.strip().splitlines()[-1])


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        (("Fri 1 Apr 2022", "4 April 2022", "7. April 2022"), ""),
        (("2022-04-01 08:00 AM", "about 2022-04-04", "2022-04-07?"), "about"),
        (("2022-W14", "2022-W15", "2022-W16"), "the middle is taken"),
        (("2022-04-01", "2022-04", "2022-04-07"), "left out"),
        (("2022-04-01", "0000-00-00", "#N/A"), "without any date"),
    ],
)
def test_a_line_list_is_read_as_investigators_write_it(
    cells: tuple[str, ...], note: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "\n".join(f"{n},{cell}" for n, cell in enumerate(cells, 1))
    (tmp_path / "l.csv").write_text(f"ID,Onset \n{rows}\n", "utf-16")
    code, found = run_json(
        capsys, "--linelist", str(tmp_path / "l.csv"), "--map", "id=id,onset=onset",
        "--disease", "measles",
    )  # fmt: skip
    assert code == 0
    assert note in " ".join(map(str, found["notes"] or [""]))


def test_the_answer_has_the_promised_form_and_the_figures_are_written(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = (
        "id=id,onset=onset,confirmed=confirmed,age=age,household=household,place=place,x=x,y=y"
    )
    code, answer = run_json(
        capsys,
        "--linelist",
        str(files / "list.csv"),
        "--contacts",
        str(files / "contacts.csv"),
        "--map",
        columns,
        "--contacts-map",
        "from=who,to=whom",
        "--disease",
        "measles",
        "--figure",
        str(files / "tree.svg"),
        "--figure",
        str(files / "tree.png"),
    )
    assert code == 0
    assert set(answer) >= KEYS
    assert answer["cases"] == 60
    links = answer["links"]
    assert isinstance(links, list)
    assert {"infector", "infectee", "probability", "stated"} <= set(links[0])
    assert any(link["stated"] for link in links)
    assert any(not link["stated"] for link in links)
    assert all(0 <= link["probability"] <= 1 for link in links)
    assert b"<svg" in (files / "tree.svg").read_bytes()[:600]
    assert (files / "tree.png").read_bytes()[:4] == b"\x89PNG"


def test_the_readable_answer_names_k_and_generations(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(
            ["trace", "chain", "--linelist", str(files / "list.csv"), "--map", "id=id,onset=onset"]
        )
        == 0
    )
    said = capsys.readouterr()
    assert "over-dispersion k" in said.out
    assert "generation" in said.out
    assert "k counts" in said.out
    assert "nobody" in said.out
    assert "and 40 more cases" in said.out


@pytest.mark.parametrize(
    ("content", "columns", "more", "code"),
    [
        (None, "id=id,onset=onset", [], "no_such_file"),
        ("", "id=id,onset=onset", [], "empty"),
        ("id,onset\n", "id=id,onset=onset", [], "empty"),
        ("id,onset\na,2020-01-01\n", "id=id,onset=date", [], "no_such_column"),
        ("id,onset\na,2020-01-01\n", "id=id", [], "bad_map"),
        ("id,onset\na,2020-01-01\n", "onset=onset", [], "bad_map"),
        ("id,onset\na,2020-01-01\n", "id=id,onset=onset,colour=x", [], "bad_map"),
        ("id,onset\na,2020-01-01\n", "id,onset", [], "bad_map"),
        ("id,onset\na,2020-01-01\n", "id=id,onset=onset,x=id", [], "bad_map"),
        ("id,onset\na,2020-01-01,7\n", "id=id,onset=onset", [], "torn_row"),
        ("id,onset\na,01/02/2020\n", "id=id,onset=onset", [], "ambiguous_date"),
        (
            "id,onset\na,2020-01-01\n",
            "id=id,onset=onset",
            ["--disease", "ennui"],
            "unknown_disease",
        ),
        ("id,onset\na,2020-01-01\n", "id=id,onset=onset", ["--date-order", "ydm"], "bad_map"),
        ("id,onset\na,2020-01-01\n", "id=id,onset=onset", ["--figure", "tree.gif"], "bad_figure"),
        (
            "id,onset\na,2020-01-01\n",
            "id=id,onset=onset",
            ["--figure", "/proc/tree.svg"],
            "cannot_write",
        ),
        (
            "id,onset\na,2020-01-01\n",
            "id=id,onset=onset",
            ["--contacts", "absent.csv"],
            "no_such_file",
        ),
    ],
)
def test_faulty_input_is_named_with_exit_code_two(
    content: str | None,
    columns: str,
    more: list[str],
    code: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "list.csv"
    if content is not None:
        path.write_text(content)
    status, answer = run_json(capsys, "--linelist", str(path), "--map", columns, *more)
    assert status == 2
    error = answer["error"]
    assert isinstance(error, dict)
    assert error["code"] == code
    assert error["advice"]


def test_a_file_that_is_no_text_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"id,onset\n\xff\xfe\x00a,\x81\n")
    status, answer = run_json(capsys, "--linelist", str(path), "--map", "id=id,onset=onset")
    assert status == 2
    error = answer["error"]
    assert isinstance(error, dict)
    assert error["code"] == "bad_encoding"
