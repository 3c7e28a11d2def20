"""Values of a JSON schema drawn at random, most of them good, some of them ill: what an account sends
who tries everything that the API's own document describes.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

ILL_TEXTS = (
    *("", "\0", "\x1b[2J", "\u202e", "\x85", "'", '"', "%00", "..%2f..%2fetc", "../../x", "-1"),
    *(
        "0",
        "1e400",
        "NaN",
        "null",
        "true",
        "9" * 40,
        "a" * 5_000,
        "1" * 119 + "!",
        "@" + "a" * 9_000,
    ),
    *("2022-02-30", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2022-03-01T08:00:00"),
    *(
        "2022-03-01T08:00:00+23:59",
        "=1+1",
        "{}",
        "[]",
        "*",
        "%",
        "_",
        "/",
        "\\",
        "中文",
        "😀",
        "p-1",
    ),
    *("all", "any", "310101", "ALL", " ", "\t", "13900005555", "cmd-0000000000000000", "a//b"),
)
ILL_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, 2**64, -(2**63), 10**40, 1.5, -0.0, 1e308),
    *(1e-308, [], {}, [[]], [None], {"a": 1}, [1] * 300, {"type": "x"}, [{"id": "a"}] * 20),
)
FILES = (b"", b"\xff\xd8\xff\xe1\0\x08Exif\0\0", b"\x89PNG\r\n\x1a\n", b"%PDF-1.4\n%%EOF", b"abc")
TIMES = ("2022-04-01T09:00:00Z", "2022-03-31T00:00:00+08:00", "2022-04-08T09:00:00Z")
DEEP = b'{"items":' + b"[" * 3_000 + b"]" * 3_000 + b"}"
LETTERS = "abcxyz0189 -_.:/é中\t"


class Values:
    """Draws from the schemas of one document. `known`: values that stood in answers, by the name of
    their field, so that a request is about something that is there.
    """

    def __init__(self, document: dict[str, Any], chance: random.Random, ill: float = 0.06) -> None:
        self.parts: dict[str, Any] = document.get("components", {}).get("schemas", {})
        self.chance, self.ill = chance, ill
        self.known: defaultdict[str, list[Any]] = defaultdict(list)

    def learn(self, answer: Any, most: int = 40) -> None:
        """Keeps what stands in an answer."""
        for name, value in named(answer):
            held = self.known[name]
            if value not in held and len(held) < most:
                held.append(value)

    def of(self, schema: Any, name: str = "", depth: int = 0) -> Any:
        """A value of the schema, or, now and then, one that is none."""
        if not isinstance(schema, dict) or not schema:
            return self.chance.choice(ILL_VALUES)
        if "$ref" in schema:
            return self.of(self.parts.get(schema["$ref"].rpartition("/")[2]), name, depth)
        if self.chance.random() < self.ill:
            return self.chance.choice(self.chance.choice((ILL_TEXTS, ILL_VALUES)))
        for word in ("anyOf", "oneOf", "allOf"):
            if word in schema:
                return self.of(self.chance.choice(schema[word]), name, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.chance.choice(schema["enum"])
        kind = schema.get("type")
        kind = self.chance.choice(kind) if isinstance(kind, list) else kind
        return self._of_type(str(kind), schema, name, depth)

    def _of_type(self, kind: str, schema: dict[str, Any], name: str, depth: int) -> Any:
        if kind == "object" or "properties" in schema:
            return self._object(schema, depth)
        if kind == "array":
            count = 0 if depth > 6 else self.chance.choice((0, 1, 1, 2, 3))
            return [self.of(schema.get("items"), name, depth + 1) for _ in range(count)]
        if kind == "boolean":
            return self.chance.random() < 0.5
        if kind in ("integer", "number"):
            low = schema.get("minimum", schema.get("exclusiveMinimum", -3))
            high = schema.get("maximum", schema.get("exclusiveMaximum", low + 1_000))
            drawn = self.chance.choice((low, high, self.chance.uniform(low, min(high, low + 50))))
            return int(drawn) if kind == "integer" else drawn
        return None if kind == "null" else self.text(schema, name)

    def text(self, schema: dict[str, Any], name: str) -> str:
        if schema.get("format") == "date-time":
            return self.chance.choice(TIMES)
        if schema.get("format") == "date":
            return self.chance.choice(TIMES)[:10]
        held = [one for one in self.known[name] if isinstance(one, str)]
        if held and self.chance.random() < 0.7:
            return self.chance.choice(held)
        if self.known["id"] and self.chance.random() < 0.3:
            return str(self.chance.choice(self.known["id"]))
        return "".join(self.chance.choices(LETTERS, k=self.chance.randint(1, 12)))

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        needed = set(schema.get("required", ()))
        found = {}
        for name, part in schema.get("properties", {}).items():
            if self.chance.random() < (0.97 if name in needed else 0.4 if depth < 6 else 0.0):
                found[name] = self.of(part, name, depth + 1)
        if self.chance.random() < self.ill / 2:
            found[self.chance.choice(ILL_TEXTS)] = self.chance.choice(ILL_VALUES)
        return found


def named(answer: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every text and number in an answer with the name of its field."""
    if isinstance(answer, dict):
        for key, value in answer.items():
            yield from named(value, key)
    elif isinstance(answer, list):
        for value in answer[:20]:
            yield from named(value, name)
    elif isinstance(answer, str | int | float) and len(str(answer)) < 200:
        yield name, answer


def draw_request(values: Values, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    """Path, query and body of one request, as arguments of an HTTP client."""
    query: dict[str, Any] = {}
    for asked in operation.get("parameters", ()):
        name, schema = asked["name"], asked.get("schema", {})
        if asked["in"] == "path":
            drawn = str(values.of(schema, name)).replace("\0", "%00")
            path = path.replace(f"{{{name}}}", quoted(drawn) or "x")
        elif asked["in"] == "query" and (asked.get("required") or values.chance.random() < 0.4):
            query[name] = values.of(schema, name)
    if values.chance.random() < values.ill / 2:
        query[values.chance.choice(("limit", "cursor", "at", "x", ""))] = "\0"
    query.pop("follow", None)  # it would keep the stream of events open
    query = {name: told for name, told in query.items() if plain(told)}
    request: dict[str, Any] = {"url": path, "params": query}
    body = operation.get("requestBody", {}).get("content", {})
    if "application/json" in body:
        schema = body["application/json"].get("schema")
        request["content"] = spoilt(values, json.dumps(values.of(schema)).encode())
        request["headers"] = {"content-type": "application/json"}
    elif body:
        request["content"] = values.chance.choice(FILES)
        request["headers"] = {"content-type": values.chance.choice(list(body))}
    return request


def spoilt(values: Values, body: bytes) -> bytes:
    """The body, now and then with a fault in its bytes."""
    chance = values.chance
    if chance.random() > values.ill:
        return body
    return chance.choice(
        (b"", DEEP, body[: len(body) // 2], body + b"\xff", body.replace(b'"', b'"\\ud800', 1))
    )


def quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text[:300].encode("utf-8", "surrogatepass"), safe="%")


def plain(value: Any) -> bool:
    """What a query can carry."""
    several = value if isinstance(value, list) else [value]
    return all(isinstance(one, str | int | float | bool) for one in several)
