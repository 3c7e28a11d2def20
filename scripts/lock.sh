#!/bin/sh
# Writes the hashed requirement locks. They name no registry host.
set -eu
cd "$(dirname "$0")/.."
uv=.venv/bin/uv
compile() { "$uv" pip compile --quiet --upgrade --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 "$@"; }
compile --universal requirements/bootstrap.in -o requirements/bootstrap.txt
compile --universal pyproject.toml requirements/build.in -o requirements/run.txt
compile --universal pyproject.toml --extra intake requirements/build.in requirements/dev.in -c requirements/run.txt -o requirements/dev.txt
compile requirements/bench.in -o requirements/bench.txt
compile --universal pyproject.toml --extra intake -c requirements/run.txt -o requirements/intake.txt
