"""Which extensions a tileset uses, says that it uses, and needs."""

from __future__ import annotations

from typing import Any

from twinward.standards.tiles3d.issues import Report
from twinward.standards.tiles3d.rules import S2, TEXT, array
from twinward.standards.tiles3d.shapes import Rule, check

CONTENT_GLTF, CONTENT_3TZ = "3DTILES_content_gltf", "MAXAR_content_3tz"
KNOWN = {S2, CONTENT_GLTF, CONTENT_3TZ, "3DTILES_metadata", "3DTILES_implicit_tiling"}
# a reader that does not know these cannot draw the tileset
NEEDED = {S2, CONTENT_GLTF, CONTENT_3TZ}
GLTF_LISTS = Rule(
    kind="object",
    members={
        "extensionsUsed": array(TEXT, 1, unique=True),
        "extensionsRequired": array(TEXT, 1, unique=True),
    },
)


def find_extensions(value: Any, path: str, report: Report) -> set[str]:
    """Names of the extensions in a document; one that is not known is reported where it stands."""
    found: set[str] = set()
    stack = [(value, path)]
    while stack:
        one, at = stack.pop()
        if isinstance(one, list):
            stack += [(inner, f"{at}/{n}") for n, inner in enumerate(one)]
            continue
        if not isinstance(one, dict):
            continue
        for key, inner in one.items():
            if key == "extensions" and isinstance(inner, dict):
                for name, told in inner.items():
                    if name not in KNOWN:
                        text = f"{name} is not known and not looked into"
                        report.add("EXTENSION_NOT_SUPPORTED", f"{at}/extensions/{name}", text)
                    if isinstance(told, dict):
                        found.add(name)
            elif key not in {"extras", "schema"}:
                stack.append((inner, f"{at}/{key}"))
    return found


def check_declared(
    document: dict[str, Any], found: set[str], inside: set[str], report: Report
) -> None:
    """Whether what is used is declared; `inside`: found in tilesets that this one names."""
    told = [document.get(word, []) for word in ("extensionsUsed", "extensionsRequired")]
    if not all(isinstance(one, list) and all(isinstance(x, str) for x in one) for one in told):
        return
    used, required = set(told[0]), set(told[1])
    needed = (found & NEEDED) - {CONTENT_GLTF}
    if not is_new(document):  # before 1.1 only the extension lets a tile be glTF
        needed.add(CONTENT_GLTF)
    for name in sorted(required - used):
        text = f"{name} is required and not in extensionsUsed"
        report.add("EXTENSION_REQUIRED_BUT_NOT_USED", "/extensionsRequired", text)
    if required - used:  # what else is missing follows from that
        return
    for name in sorted(found - used):
        report.add("EXTENSION_FOUND_BUT_NOT_USED", "/", f"{name} is not in extensionsUsed")
    for name in sorted(used - found - inside):
        report.add("EXTENSION_USED_BUT_NOT_FOUND", "/extensionsUsed", f"{name} is nowhere")
    for name in sorted((used & needed) - required):
        text = f"{name} must be in extensionsRequired"
        report.add("EXTENSION_REQUIRED_BUT_NOT_DECLARED", "/extensionsRequired", text)


def is_new(document: dict[str, Any]) -> bool:
    """Whether glTF is a content of its own right: not yet in 3D Tiles 1.0."""
    asset = document.get("asset")
    return not isinstance(asset, dict) or asset.get("version") != "1.0"


def check_content_gltf(document: dict[str, Any], report: Report) -> None:
    """The lists of glTF extensions that a tileset may announce."""
    told = document.get("extensions", {})
    told = told.get(CONTENT_GLTF) if isinstance(told, dict) else None
    path = f"/extensions/{CONTENT_GLTF}"
    if not isinstance(told, dict) or not check(told, GLTF_LISTS, path, report):
        return
    missing = set(told.get("extensionsRequired", [])) - set(told.get("extensionsUsed", []))
    for name in sorted(missing):
        report.add("EXTENSION_REQUIRED_BUT_NOT_USED", path, f"{name} is not in extensionsUsed")
