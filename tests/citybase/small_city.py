"""A small city in files: two square districts side by side, four subdistricts, twelve
communities.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DISTRICTS = {"11": ("West", 10.0), "12": ("East", 10.1)}
CONFIG = """
[city]
name = "small"
timezone = "Europe/Berlin"
[areas]
levels = [
  { level = "district", file = "districts.csv" },
  { level = "subdistrict", file = "subdistricts.csv", parent = "district" },
  { level = "community", file = "communities.csv" },
]
[boundaries]
file = "districts.geojson"
level = "district"
code = "id"
[residents]
kind = "table"
file = "residents.csv"
code = "code"
count = "people"
"""


def square(west: float, south: float = 50.0, size: float = 0.1) -> dict[str, Any]:
    corners = [[0, 0], [size, 0], [size, size], [0, size], [0, 0]]
    return {"type": "Polygon", "coordinates": [[[west + x, south + y] for x, y in corners]]}


def outlines(shapes: dict[str, Any]) -> str:
    features = [
        {"type": "Feature", "properties": {"id": code}, "geometry": shape}
        for code, shape in shapes.items()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


def small_city(
    folder: Path, *, config: str = CONFIG, extra: str = "", **files: str | bytes
) -> Path:
    """Writes the files of the small city, any of them replaced (`communities_csv=...`), and
    returns its city file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    subs = [(f"{d}{s}", f"Sub {d}{s}", d) for d in DISTRICTS for s in "12"]
    content: dict[str, str | bytes] = {
        "districts.csv": "code,name\n"
        + "".join(f"{code},{name}\n" for code, (name, _) in DISTRICTS.items()),
        "subdistricts.csv": "code,name,district\n" + "".join(f"{c},{n},{d}\n" for c, n, d in subs),
        "communities.csv": "code,name\n"
        + "".join(f"{c}0{k},Com {c}0{k}\n" for c, _, _ in subs for k in (1, 2, 3)),
        "residents.csv": "code,people\n11,2500\n12,3501\n",
        "districts.geojson": outlines(
            {code: square(west) for code, (_, west) in DISTRICTS.items()}
        ),
        "city.toml": config + extra,
    }
    content |= {name.replace("_", "."): text for name, text in files.items()}
    for name, text in content.items():
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return folder / "city.toml"
