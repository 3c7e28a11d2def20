"""Writes the console's types from the API's own OpenAPI document: the routes and commands that
the console uses.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
import console
from twinward.api.main import make_api
from twinward.app import compose
from twinward.app.workspace import init_workspace

PATHS = (
    "/v1/screen",
    "/v1/incidents/{incident}/room",
    "/v1/map/places",
    "/v1/map/base",
    "/v1/cases",
    "/v1/cases/{case}",
    "/v1/contacts",
    "/v1/changes",
    "/v1/areas",
    "/v1/me",
    "/v1/my-tasks",
    "/v1/trust",
    "/v1/audit",
    "/v1/public",
    "/v1/trace/chain",
    "/v1/trace/file",
    "/v1/handovers",
    "/v1/objections",
    "/v1/surveillance/signals/raised",
    "/v1/supplies/stocks",
    "/v1/supplies/requests",
    "/v1/supplies/demand",
    "/v1/transfers",
    "/v1/incidents/{incident}/analyse",
    "/v1/incidents/{incident}/diagnose",
    "/v1/incidents/{incident}/predict",
    "/v1/incidents/{incident}/guide",
    "/v1/plans/compare",
    "/v1/plans/compare/{comparison}",
    "/v1/plans/adopt",
    "/v1/plan-blocks",
    "/v1/hazard-forecasts",
    "/v1/hazard-forecasts/{forecast}",
    "/v1/hazard-forecasts/{forecast}/map",
    "/v1/risks/simulate",
    "/v1/warnings",
    "/v1/warnings/{warning}",
    "/v1/plans/{plan}",
    "/v1/journal",
    "/v1/shifts",
    "/v1/alerts",
    "/v1/tasks/{task}/comments",
    "/v1/tasks/{task}/files",
    "/v1/accounts",
    "/v1/account-changes",
    "/v1/account-changes/{change}/answer",
    "/v1/sessions",
    "/v1/activations",
    "/v1/break-glass",
)
COMMANDS = (
    "ConfirmOrder",
    "AcknowledgeTask",
    "CompleteTask",
    "CommentTask",
    "AdoptPlan",
    "HandOverCase",
    "AcceptHandOver",
    "ReturnHandOver",
    "RefuseHandOver",
    "RequestSupply",
    "CommitSupply",
    "DeclineSupply",
    "SendSupply",
    "ReceiveSupply",
    "WithdrawRequest",
    "RequestTransfer",
    "AcceptTransfer",
    "DepartTransfer",
    "ArriveTransfer",
    "CancelTransfer",
    "NameContact",
    "UpdateContact",
    "FollowContact",
    "JudgeSignal",
)
PREFIX = "#/components/schemas/"
TYPES = console.CONSOLE / "src" / "api" / "schema.d.ts"


def references(part: Any) -> set[str]:
    """Names of the components that a part of the document points at."""
    if isinstance(part, dict):
        own = {part["$ref"].removeprefix(PREFIX)} if isinstance(part.get("$ref"), str) else set()
        return own.union(*(references(value) for value in part.values()))
    return set().union(*(references(value) for value in part)) if isinstance(part, list) else set()


def console_document() -> dict[str, Any]:
    """The OpenAPI document with only what the console uses."""
    with tempfile.TemporaryDirectory() as folder:
        init_workspace(Path(folder) / "ws")
        platform = compose.open_platform(Path(folder) / "ws")
        document = make_api(platform).openapi()
        platform.close()
    paths = {path: document["paths"][path] for path in PATHS}
    known = document["components"]["schemas"]
    wanted, seen = {*COMMANDS, "BatchAccount", *references(paths)}, set[str]()
    while wanted:
        name = wanted.pop()
        if name in known and name not in seen:
            seen.add(name)
            wanted |= references(known[name])
    schemas = {name: known[name] for name in sorted(seen)}
    return {**document, "paths": paths, "components": {"schemas": schemas}}


def main() -> None:
    found = console.find_node() or sys.exit("console: Node is missing; run `make setup`")
    document = console.CONSOLE / "node_modules" / ".openapi.json"
    document.write_text(json.dumps(console_document()), "utf-8")
    cli = console.CONSOLE / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
    console.run(found[0], cli, document, "-o", TYPES, env=dict(os.environ))


if __name__ == "__main__":
    main()
