"""`twinward model list|card|check|schema`: hazard models, and what their verification reaches."""

from __future__ import annotations

import argparse

from twinward.cli.framework.output import emit_fields, emit_json, emit_table, emit_text
from twinward.cli.main import add_common
from twinward.service.hazards import models


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="list|card|check|schema")
    listing = acts.add_parser("list", help="the hazard models that there are")
    card = acts.add_parser("card", help="method, sources, needs, ranges and limits of a model")
    card.add_argument("id", help="id or hazard")
    checking = acts.add_parser("check", help="run the verification cases of a model")
    checking.add_argument("id", help="id or hazard")
    form = acts.add_parser("schema", help="the JSON Schema of a model card")
    for leaf in (listing, card, checking, form):
        add_common(leaf, workspace=False)


def run(options: argparse.Namespace) -> int:
    if options.act == "schema":
        emit_json(models.get_card_schema())
        return 0
    if options.act == "list":
        found = models.list_entries()
        if options.json:
            emit_json({"models": found})
        else:
            emit_table(
                ["id", "hazard", "version", "title"],
                [[m.id, m.hazard, m.version, m.title] for m in found],
            )
        return 0
    if options.act == "card":
        view = models.get_card(options.id)
        if options.json:
            emit_json(view)
        else:
            emit_fields({name: getattr(view.card, name) for name in view.card.__struct_fields__})
        return 0
    result = models.check_model(options.id)
    if options.json:
        emit_json(result)
        return 0
    emit_table(
        ["case", "expected", "reached", "tolerance", "ok"],
        [[c.case, c.expected, c.reached, c.tolerance, c.ok] for c in result.checks],
    )
    emit_text(f"{result.id} {result.version}: {'all hold' if result.ok else 'NOT all hold'}")
    return 0
