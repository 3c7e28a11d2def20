"""`twinward bundle keep|list|show|roll|back|key|export`: rules for the edges."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from twinward.cli.framework.output import emit_json, emit_table, emit_text, local
from twinward.cli.framework.session import add_person, open_for
from twinward.service.devices import bundles
from twinward.service.platform import Caller, Platform

ACTS = "keep|list|show|roll|back|key|export"
Answer = bundles.RuleBundleView | list[bundles.RuleBundleView] | bundles.RulesKey | str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar=ACTS)
    keeping = acts.add_parser("keep", help="keep rules under a version; they run nowhere yet")
    keeping.add_argument("--file", type=Path, help="a TOML file with [[rules]], as in an edge.toml")
    keeping.add_argument(
        "--module", action="append", default=[], help="the rules of this module; may be repeated"
    )
    acts.add_parser("list", help="bundles, the newest first, and how many edges run each")
    showing = acts.add_parser("show", help="one bundle with its rules and its edges")
    rolling = acts.add_parser("roll", help="run a bundle at an edge, at a share of all, or at all")
    stages = rolling.add_mutually_exclusive_group(required=True)
    stages.add_argument("--edge", action="append", default=[], help="at this edge; may be repeated")
    stages.add_argument("--share", type=float, default=0.0, help="at this share of edges, 0 to 1")
    stages.add_argument("--all", action="store_true", help="at every edge")
    backing = acts.add_parser("back", help="run what ran before this bundle")
    acts.add_parser("key", help="the key for edge.rules_key of every edge.toml")
    exporting = acts.add_parser("export", help="an edge's signed rules, for `twinward edge apply`")
    exporting.add_argument("edge", help="id of the edge")
    for leaf in (keeping, showing, rolling, backing):
        leaf.add_argument("bundle", help="the version of a bundle")
    for leaf in (keeping, rolling, backing):
        leaf.add_argument("--because", required=True, help="the reason, kept on record")
    for leaf in acts.choices.values():
        add_person(leaf)


def run(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        found = act(platform, caller, options)
    if isinstance(found, str):
        sys.stdout.write(found + "\n")
    elif options.json:
        emit_json({"bundles": found} if isinstance(found, list) else found)
    elif isinstance(found, bundles.RulesKey):
        emit_text(f'rules_key = "{found.rules_key}"')
    elif isinstance(found, list):
        heads = ("bundle", "state", "rules", "share", "wanted", "running", "refused", "made")
        emit_table(heads, [line_of(one) for one in found])
    else:
        show(found)
    return 0


def act(platform: Platform, caller: Caller, options: argparse.Namespace) -> Answer:
    if options.act == "list":
        return bundles.list_bundles(platform, caller)
    if options.act == "key":
        return bundles.show_key(platform, caller)
    if options.act == "export":
        return bundles.export_rules(platform, caller, options.edge)
    if options.act == "show":
        return bundles.get_bundle(platform, caller, options.bundle)
    because = options.because
    if options.act == "back":
        return bundles.roll_back(platform, caller, options.bundle, because=because)
    if options.act == "roll":
        share = 1.0 if options.all else options.share
        return bundles.roll_out(
            platform, caller, options.bundle, because=because, edges=options.edge, share=share
        )
    rules = bundles.read_rules(options.file) if options.file else []
    return bundles.keep_bundle(
        platform, caller, options.bundle, because=because, modules=options.module, rules=rules
    )


def line_of(one: bundles.RuleBundleView) -> tuple[object, ...]:
    counts = (len(one.wanted), len(one.running), len(one.refused))
    return (one.bundle, one.state, len(one.rules), one.share, *counts, local(one.made_at))


def show(one: bundles.RuleBundleView) -> None:
    emit_text(f"{one.bundle}: {one.state}, {len(one.rules)} rules, by {one.made_by}")
    emit_text(f"because: {one.because}")
    rows = [
        (edge, "yes" if edge in one.running else "no", one.refused.get(edge, ""))
        for edge in sorted({*one.wanted, *one.running})
    ]
    if rows:
        emit_table(("edge", "runs it", "refused"), rows)
    for edge in one.unheard:
        emit_text(f"nothing has been heard from {edge} yet")
