"""`twinward simulate` and `twinward calibrate` as others rely on them: keys, files, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from twinward.cli.main import main

KEYS = {
    "residents",
    "days",
    "seed",
    "threads",
    "disease",
    "infections",
    "attack_rate",
    "deaths",
    "peak_day",
    "peak_new",
    "r0_realised",
    "generation_time_d",
    "cpu_s",
    "wall_s",
    "setup_s",
    "agent_days_per_cpu_s",
    "ns_per_infection",
    "peak_rss_mb",
    "sha256",
}
SMALL = ["simulate", "--residents", "2000", "--days", "40", "--infected", "20"]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_the_answer_has_the_promised_keys(capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = told(capsys, *SMALL)
    assert code == 0
    assert set(answer) >= KEYS
    assert answer["disease"] == "sars-cov-2-ancestral"
    assert len(answer["sha256"]) == 64


def test_threads_and_replicates_do_not_change_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = told(capsys, *SMALL)[1], told(capsys, *SMALL, "--threads", "2")[1]
    assert one["sha256"] == two["sha256"]
    several = told(capsys, *SMALL, "--replicates", "3")[1]
    assert several["over_replicates"]["infections"][0] == one["infections"]


def test_series_tables_plots_and_tree_are_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, tree = tmp_path / "out", tmp_path / "tree.parquet"
    answer = told(capsys, *SMALL, "--out", str(out), "--tree", str(tree))[1]
    assert set(answer["files"]) == {path.name for path in out.iterdir()}
    assert {"outbreak.png", "outbreak.svg", "series.parquet", "series.csv"} <= set(answer["files"])
    assert (
        sum(pq.read_table(out / "series.parquet")["new_infections"].to_pylist())
        == answer["infections"]
    )
    table = pq.read_table(tree)
    assert table.num_rows == answer["infections"]
    assert table["infector"].null_count == 20


@pytest.mark.parametrize(
    "name", ["sars-cov-2-omicron-ba2", "influenza-pandemic", "sars-2003", "measles"]
)
def test_every_bundled_disease_runs(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, *SMALL, "--disease", name)[1]["infections"] >= 20


@pytest.mark.parametrize("of", ["disease", "measures"])
def test_schemas_are_printed(of: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "$defs" in told(capsys, "simulate", "--schema", of)[1]


def test_the_steps_are_printed_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    names = [step["name"] for step in told(capsys, "simulate", "--explain")[1]["steps"]]
    assert names.index("transmit") < names.index("commit") < names.index("publish")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--residents", "0"], "no_residents"),
        (["--residents", "-5"], "no_residents"),
        (["--residents", "2000", "--days", "0"], "no_days"),
        (["--residents", "2000", "--seed", "x"], "not_a_number"),
        (["--residents", "2000", "--set", "transmission.asymptomatic=1.5"], "bad_disease"),
        (["--residents", "2000", "--set", "nothing=1"], "bad_setting"),
        (["--residents", "2000", "--disease", "the plague"], "unknown_disease"),
        (["--residents", "2000", "--measures", "/absent.toml"], "measures_absent"),
        (["--residents", "999999999999"], "no_memory"),
        (["--residents", "2000", "--mixing", "odd"], "bad_mixing"),
        (["--residents", "2000", "--tree", "/absent/tree.parquet"], "no_folder"),
        (["--residents", "2000", "--seed", "99999999999999999999999"], "bad_seed"),
        (["--residents", "2000", "--tree", "/proc/tree.parquet"], "cannot_write"),
        (["--residents", "2000", "--out", "/proc/results"], "cannot_write"),
        (["--workspace", "/absent"], "no_city"),
    ],
)
def test_bad_input_is_said_with_its_code(
    arguments: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    returned, answer = told(capsys, "simulate", *arguments)
    assert returned == 2
    assert answer["error"]["code"] == code


def test_a_trigger_that_stops_above_its_start_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "measures.toml"
    trigger = '{ figure = "hospital_share", start_above = 0.1, stop_below = 0.2 }'
    file.write_text(f'[[measures]]\ntype = "masks"\ntrigger = {trigger}\n')
    returned, answer = told(capsys, *SMALL, "--measures", str(file))
    assert (returned, answer["error"]["code"]) == (2, "bad_measures")


@pytest.mark.parametrize("tested", [False, True])
def test_a_measure_that_waits_for_tests_nobody_makes_is_named(
    tested: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "measures.toml"
    testing = '[[measures]]\ntype = "symptomatic_testing"\n' if tested else ""
    file.write_text(f'{testing}[[measures]]\ntype = "case_isolation"\n')
    notes = told(capsys, *SMALL, "--measures", str(file))[1]["notes"]
    assert ["case_isolation" in note for note in notes] == ([] if tested else [True])


def test_a_forecast_made_again_has_the_same_bytes_in_every_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        answer = told(capsys, *SMALL, "--replicates", "2", "--out", str(tmp_path / name))[1]
    assert set(answer["quantiles"]["infections"]) == {"0.05", "0.25", "0.5", "0.75", "0.95"}
    assert min(answer["over_replicates"]["infections"]) <= answer["quantiles"]["infections"]["0.5"]
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_a_disease_file_with_a_missing_rate_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundled = Path(__file__).parents[3] / "src/twinward/library/data/diseases/measles.toml"
    broken = tmp_path / "broken.toml"
    broken.write_text(
        "\n".join(
            line for line in bundled.read_text().splitlines() if not line.startswith("latent_mean")
        )
    )
    returned, answer = told(capsys, *SMALL, "--disease", str(broken))
    assert (returned, answer["error"]["code"]) == (2, "bad_disease")
    assert "latent_mean_d" in answer["error"]["message"]


def test_calibrate_answers_with_the_hub_levels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"2030-01-{day:02},{20 + day}" for day in range(1, 29)]
    path = tmp_path / "counts.csv"
    path.write_text("date,new\n" + "\n".join(rows) + "\n")
    code, answer = told(
        capsys,
        "calibrate",
        "--observed",
        str(path),
        "--until",
        "2030-01-21",
        "--predict",
        "7",
        "--population",
        "90000",
        "--trials",
        "16",
    )
    assert code == 0
    assert set(answer) >= {
        "parameters",
        "r",
        "wis",
        "coverage_50",
        "coverage_90",
        "quantiles",
        "seconds",
    }
    assert [row["date"] for row in answer["quantiles"]] == [
        f"2030-01-{day}" for day in range(22, 29)
    ]
    assert answer["wis"] > 0


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (["--until", "yesterday"], "bad_date"),
        (["--observed", "/absent.csv"], "observed_absent"),
        (["--predict", "0"], "bad_predict"),
        (["--population", "-1"], "bad_population"),
        (["--trials", "0"], "bad_trials"),
    ],
)
def test_calibrate_says_what_is_wrong(
    changed: list[str], code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("date,new\n2030-01-01,3\n2030-01-02,4\n2030-01-03,5\n")
    asked = {"--observed": str(path), "--until": "2030-01-03", "--predict": "3"} | {
        changed[0]: changed[1]
    }
    returned, answer = told(capsys, "calibrate", *(word for pair in asked.items() for word in pair))
    assert (returned, answer["error"]["code"]) == (2, code)


def test_contacts_are_compared_with_matrices_without_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for group in ("household", "school", "work", "community"):
        (tmp_path / f"X_{group}_setting_2.csv").write_text("0.5,0.5\n0.5,0.5\n")
    ask = ["simulate", "--residents", "2000", "--contacts-report", str(tmp_path)]
    code, answer = told(capsys, *ask)
    assert code == 0
    assert [row["setting"] for row in answer["settings"]] == [
        "household",
        "school",
        "work",
        "community",
    ]
    assert answer["settings"][3]["worst"]["ratio"] == pytest.approx(1.0)
    assert main(ask) == 0
    assert "farthest band" in capsys.readouterr().out
    code, answer = told(capsys, *ask, "--contacts", str(tmp_path / "other"))
    assert (code, answer["error"]["code"]) == (2, "bad_contacts")
