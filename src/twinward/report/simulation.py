"""A simulation's results as files: series and tables as Parquet and CSV, the infection tree, a
plot as PNG and SVG.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from twinward.decision.simulation.epidemic.kernels.tables import NOBODY, SETTINGS
from twinward.decision.simulation.epidemic.outcome import (
    AGE_BANDS,
    SERIES,
    Ensemble,
    SimulationOutcome,
)

PLOTTED = ("new_infections", "new_admissions", "new_deaths")


def write_tree(outcome: SimulationOutcome, path: Path) -> None:
    """Who infected whom, where, when; `infector` is null where a case was imported. Columns keep
    resident rows.
    """
    tree = outcome.tree
    if tree is None:
        raise ValueError("the run kept no tree")
    table = pa.table(
        {
            "infectee": pa.array(tree.infectee),
            "infector": pa.array(tree.infector, mask=tree.infector == NOBODY),
            "day": pa.array(tree.day),
            "setting": pa.DictionaryArray.from_arrays(
                pa.array(tree.setting.astype(np.int8)), pa.array(list(SETTINGS))
            ),
            "strain": pa.DictionaryArray.from_arrays(
                pa.array(tree.strain.astype(np.int8)), pa.array(outcome.strains)
            ),
            "area": pa.DictionaryArray.from_arrays(
                pa.array(tree.area.astype(np.int32)), pa.array(outcome.areas)
            ),
        }
    )
    table = table.replace_schema_metadata({"simulated": "true", "fingerprint": outcome.fingerprint})
    pq.write_table(table, path, compression="zstd")


def write_results(outcome: SimulationOutcome, ensemble: Ensemble | None, folder: Path) -> list[str]:
    """Writes all files of a run into `folder`; returns their names."""
    folder.mkdir(exist_ok=True)
    days = np.arange(outcome.days)
    tables = {"series": pa.table({"day": days, **{name: outcome.series[name] for name in SERIES}})}
    for name, rows, labels in (
        ("area", outcome.by_area, outcome.areas),
        ("age", outcome.by_age, list(AGE_BANDS)),
        ("setting", outcome.by_setting, list(SETTINGS)),
        ("strain", outcome.by_strain, outcome.strains),
    ):
        tables[f"infections_by_{name}"] = _long(days, rows, labels, name)
    if ensemble is not None:
        columns: dict[str, NDArray[np.generic]] = {"day": days}
        for name in SERIES:
            for level, row in zip(ensemble.levels, ensemble.quantiles[name], strict=True):
                columns[f"{name}_q{level:g}"] = row
        tables["quantiles"] = pa.table(columns)
    written = []
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
        pacsv.write_csv(table, folder / f"{name}.csv")
        written += [f"{name}.parquet", f"{name}.csv"]
    (folder / "forecast.json").write_bytes(
        msgspec.json.format(msgspec.json.encode(_label(outcome)))
    )
    return [*written, "forecast.json", *plot(outcome, ensemble, folder)]


def _long(
    days: NDArray[np.generic], rows: NDArray[np.generic], labels: list[str], name: str
) -> pa.Table:
    return pa.table(
        {
            "day": np.repeat(days, len(labels)),
            name: pa.array(np.tile(np.array(labels, object), len(days)), pa.string()),
            "new_infections": rows.reshape(-1),
        }
    )


def _label(outcome: SimulationOutcome) -> dict[str, object]:
    """What a reader must know about these files."""
    return {
        "simulated": True,
        "disease": outcome.disease,
        "residents": outcome.residents,
        "days": outcome.days,
        "seed": outcome.seed,
        "fingerprint": outcome.fingerprint,
        "sha256": outcome.sha256,
        "share_of_start_that_is_estimated": outcome.estimated,
    }


def plot(outcome: SimulationOutcome, ensemble: Ensemble | None, folder: Path) -> list[str]:
    """Daily infections, admissions and deaths, with the 5-95 % band over replicates where there
    are any.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    days = np.arange(outcome.days)
    figure, axes = pyplot.subplots(
        len(PLOTTED), 1, figsize=(8, 8), sharex=True, layout="constrained"
    )
    for axis, name in zip(axes, PLOTTED, strict=True):
        if ensemble is not None:
            low, _, middle, _, high = ensemble.quantiles[name]
            axis.fill_between(days, low, high, alpha=0.3, linewidth=0, label="5-95 % of replicates")
            axis.plot(days, middle, label="median")
        else:
            axis.plot(days, outcome.series[name])
        axis.set_ylabel(name.replace("_", " "))
        axis.set_ylim(bottom=0)
    if ensemble is not None:
        axes[0].legend()
    axes[-1].set_xlabel("day")
    figure.suptitle(f"{outcome.disease}, {outcome.residents:,} residents (simulated)")
    names = []
    with matplotlib.rc_context({"svg.hashsalt": "twinward"}):  # the same bytes every time
        for ending in ("png", "svg"):
            figure.savefig(
                folder / f"outbreak.{ending}",
                dpi=120,
                metadata={"Date": None} if ending == "svg" else None,
            )
            names.append(f"outbreak.{ending}")
    pyplot.close(figure)
    return names
