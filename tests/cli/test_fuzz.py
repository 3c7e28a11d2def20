"""Files and arguments broken at random, given to every verb that reads them: each run ends done or as
bad input, never by a fault of ours.
"""

from __future__ import annotations

import gzip
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from twinward.app.workspace import init_workspace
from twinward.cli.main import main

RUNS = int(os.environ.get("TWINWARD_TEST_FUZZ_CLI", "5000"))
SEED = int(os.environ.get("TWINWARD_TEST_FUZZ_CLI_SEED", "2"))
CASES = (
    "case,subject,hazard,area,status,reported_at\n"
    "c1,p-1,epidemic,city,confirmed,2022-03-01T08:00:00Z\n"
    "c2,p-2,epidemic,city,suspected,2022-03-02T08:00:00Z\n"
)
MOVES = (
    "subject,time,lon,lat\n"
    "p-1,2022-03-01T08:00:00Z,121.48,31.23\np-1,2022-03-01T09:00:00Z,121.49,31.23\n"
)
BUNDLE = (
    '{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient",'
    '"id":"a","gender":"male","birthDate":"1990-03-07"}},{"resource":{"resourceType":"Observation",'
    '"status":"final","subject":{"reference":"Patient/a"},"code":{"text":"PCR"},'
    '"effectiveDateTime":"2022-03-01T08:00:00Z","valueCodeableConcept":{"text":"positive"}}}]}'
)
AREAS = (
    '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"a"},'
    '"geometry":{"type":"Polygon","coordinates":[[[121,31],[122,31],[122,32],[121,31]]]}}]}'
)
LINES = "id,onset,confirmed\na,2022-03-01,2022-03-02\nb,2022-03-05,2022-03-06\nc,2022-03-06,\n"
MEASURES = '[[measure]]\nkind = "masks"\nfrom_day = 3\nstrength = 0.5\n'
DISEASE = 'name = "x"\nbased_on = "covid19"\n[transmission]\nr0 = 2.5\n'
SITES = " 3 2 1\n 1 2 1\n 2 3 4\n"
ROUTES = (
    "NAME : x\nTYPE : CVRP\nDIMENSION : 3\nCAPACITY : 10\nEDGE_WEIGHT_TYPE : EUC_2D\n"
    "NODE_COORD_SECTION\n1 0 0\n2 1 1\n3 2 2\nDEMAND_SECTION\n1 0\n2 3\n3 4\nDEPOT_SECTION\n1\n-1\nEOF\n"
)
COMMANDS = (
    '{"items":[{"id":"a","type":"ReportCount","hazard":"epidemic","area":"city",'
    '"day":"2022-03-01","status":"confirmed","count":3}]}'
)
VERBS: tuple[tuple[str, str, str], ...] = (
    ("case report {file} --workspace {ws}", "c.csv", CASES),
    ("case report {file} --workspace {ws}", "c.json", BUNDLE),
    ("ingest {file} --workspace {ws}", "m.csv", MOVES),
    ("ingest {file} --workspace {ws}", "i.json", COMMANDS),
    ("lake ingest {file} --workspace {ws}", "m.csv", MOVES),
    ("lake ingest {file} --workspace {ws}", "m.csv.gz", MOVES),
    ("lake ingest {file} --workspace {ws}", "m.parquet", MOVES),
    ("trace visited --areas {file} --days 3 --all --workspace {ws}", "a.geojson", AREAS),
    ("trace flows --areas {file} --workspace {ws}", "a.geojson", AREAS),
    ("trace chain --linelist {file} --map id=id,onset=onset,confirmed=confirmed", "l.csv", LINES),
    ("plan validate {file}", "p.toml", MEASURES),
    (
        "simulate --residents 1000 --days 3 --seed 1 --infected 2 --measures {file} --out {out}",
        "m.toml",
        MEASURES,
    ),
    (
        "simulate --residents 1000 --days 3 --seed 1 --infected 2 --disease {file} --out {out}",
        "d.toml",
        DISEASE,
    ),
    ("allocate locate --orlib {file} --time-limit-s 1", "s.txt", SITES),
    ("allocate route --vrplib {file} --time-limit-s 1", "r.vrp", ROUTES),
    ("audit verify --file {file}", "l.ndjson", COMMANDS),
    ("incident list --workspace {ws}", "none", ""),
    ("task list --workspace {ws} --department health", "none", ""),
    ("as-of incident list --at 2022-03-01T00:00:00Z --workspace {ws}", "none", ""),
    ("retention kinds --workspace {ws}", "none", ""),
)
TOKENS = (
    *("", "\0", "\ufeff", "\u202e", "\ud83d\ude00", "-1", "1e400", "NaN", "Infinity", "null"),
    *("9" * 40, "0" * 20, "2022-02-30", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "=1+1"),
    *("../../x", "{}", "[]", "[[[[", '"', "'", "\r", "\n\n", ",,,,", "\t", "a" * 5_000, "%s%n"),
)


def broken(chance: random.Random, content: bytes) -> bytes:
    """The content with some faults: cut, flipped, doubled, torn, or with words that are none."""
    data = bytearray(content)
    for _ in range(chance.randint(0, 4)):
        at = chance.randrange(len(data) + 1)
        how = chance.randrange(6)
        if how == 0:
            del data[at:]
        elif how == 1 and data:
            data[at % len(data)] = chance.randrange(256)
        elif how == 2:
            data[at:at] = data[at : at + chance.randint(1, 40)]
        elif how == 3:
            del data[at : at + chance.randint(1, 20)]
        else:
            word = chance.choice(TOKENS).encode("utf-8", "surrogatepass")
            data[at : at + chance.choice((0, 1, len(word)))] = word
    return bytes(data)


def as_parquet(lines: bytes) -> bytes:
    held = pa.BufferOutputStream()
    pq.write_table(pacsv.read_csv(pa.BufferReader(lines)), held)
    return bytes(held.getvalue().to_pybytes())


def arguments(chance: random.Random, verb: str) -> Iterator[str]:
    """The words of the verb, now and then another in place of one, left out, or added."""
    for word in verb.split():
        fault = chance.random() if chance.random() < 0.15 else 1.0
        if fault < 0.5:
            yield chance.choice(TOKENS).replace("\0", "")
        elif fault >= 0.7:
            yield word
    if chance.random() < 0.5:
        yield "--json"


def fuzz(tmp_path: Path, runs: int, seed: int, capsys: pytest.CaptureFixture[str]) -> Counter[int]:
    """How often each exit code came of so many runs; a fault of ours fails at once."""
    chance, codes = random.Random(seed), Counter[int]()
    workspace = tmp_path / "ws"
    init_workspace(workspace)
    for number in range(runs):
        verb, name, content = chance.choice(VERBS)
        file = tmp_path / name
        data = content.encode()
        if name.endswith(".gz"):
            data = gzip.compress(data, mtime=0)
        elif name.endswith(".parquet"):
            data = as_parquet(data)
        file.write_bytes(broken(chance, data))
        places = {"file": file, "ws": workspace, "out": tmp_path / f"out-{number % 3}"}
        words = [word.format(**places) if "{" in word else word for word in verb.split()]
        told = list(arguments(chance, " ".join(words)))
        try:
            code = main(told)
        except SystemExit as ended:  # --help
            code = int(ended.code or 0)
        said = capsys.readouterr().err
        assert code in (0, 2) and "Traceback" not in said, (number, told, code, said[-2_000:])
        codes[code] += 1
    return codes


def test_a_name_longer_than_the_system_takes_is_no_workspace(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["incident", "list", "--workspace", "a" * 5_000]) == 2
    assert "no workspace" in capsys.readouterr().err


def test_a_letter_that_is_no_utf_8_inside_a_document_is_the_inputs_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace, file = tmp_path / "ws", tmp_path / "bundle.json"
    init_workspace(workspace)
    for content in (b'{"a": "\xac"}', b'{"\xac": 1}', b'{"a": 1}\n{"b": "\xff"}'):
        file.write_bytes(content)
        assert main(["case", "report", str(file), "--workspace", str(workspace)]) == 2
        assert "not a JSON object" in capsys.readouterr().err


def test_no_broken_file_or_argument_is_our_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    codes = fuzz(tmp_path, 120, 1, capsys)
    assert codes[0] > 5 and codes[2] > 20


@pytest.mark.slow
def test_no_broken_file_or_argument_of_five_thousand_is_our_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """TWINWARD_TEST_FUZZ_CLI and TWINWARD_TEST_FUZZ_CLI_SEED cut it into pieces."""
    monkeypatch.chdir(tmp_path)
    codes = fuzz(tmp_path, RUNS, SEED, capsys)
    sys.stdout.write(f"{RUNS} runs of the command line, seed {SEED}: {dict(codes)}\n")
    assert codes[0] > RUNS // 30 and codes[2] > RUNS // 6


@pytest.mark.slow
def test_no_broken_file_or_argument_is_the_fault_of_a_process_of_ours(tmp_path: Path) -> None:
    """The same as processes of their own, whose words and code are what a script sees."""
    chance, workspace = random.Random(SEED), tmp_path / "ws"
    init_workspace(workspace)
    for number in range(max(RUNS // 50, 3)):
        verb, name, content = chance.choice(VERBS)
        file = tmp_path / name
        file.write_bytes(broken(chance, content.encode()))
        words = verb.format(file=file, ws=workspace, out=tmp_path / "out")
        told = [sys.executable, "-m", "twinward.cli.main", *arguments(chance, words)]
        done = subprocess.run(told, cwd=tmp_path, capture_output=True, timeout=120, check=False)
        assert done.returncode in (0, 2), (number, told[3:], done.stderr[-2_000:])
        assert b"Traceback" not in done.stderr, (number, told[3:], done.stderr[-2_000:])
