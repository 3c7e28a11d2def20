"""Where each table and key of a TOML text stands, so that a complaint can name its line."""

from __future__ import annotations

import re

from twinward.core.errors import Route

TABLE = re.compile(r"^\[(\[)?\s*([\w.\-\"]+)\s*\]?\]")
KEY = re.compile(r"^([\w\-\"]+(?:\.[\w\-\"]+)*)\s*=")


def index_lines(text: str) -> dict[Route, int]:
    """The line (from 1) of each path: ("tasks", 2, "after") is the key `after` of the third
    [[tasks]].
    """
    found: dict[Route, int] = {}
    counts: dict[str, int] = {}
    table: Route = ()
    depth, key = 0, ()
    for number, raw in enumerate(text.splitlines(), start=1):
        line = bare(raw)
        if depth == 0 and (head := TABLE.match(line)):
            names = tuple(head[2].replace('"', "").split("."))
            if head[1]:
                counts[head[2]] = counts.get(head[2], -1) + 1
                table = (*names, counts[head[2]])
            else:
                table = names
            found[table] = number
            continue
        if depth == 0 and (word := KEY.match(line)):
            key = (*table, *word[1].replace('"', "").split("."))
            found[key] = number
            items = -1
        elif depth == 1 and line.startswith(
            "{"
        ):  # one element of an array written over several lines
            items += 1
            found[(*key, items)] = number
        depth += sum(map(line.count, "[{")) - sum(map(line.count, "]}"))
    return found


def bare(line: str) -> str:
    """Without comment and without what stands in quotes, so that brackets in words do not count."""
    return re.sub(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'", '""', line).partition("#")[0].strip()


def find_line(lines: dict[Route, int], path: Route) -> int:
    """The line of the path, or of the nearest thing around it; 1 when nothing is known."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return 1
