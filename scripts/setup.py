"""Makes .venv from the hashed locks; needs nothing but Python 3.11 or later (run through `make
setup`).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEEDED = (3, 11)


def say(what: str) -> None:
    """What is done now: a first start takes minutes, and silence looks like a stop."""
    print(f"setup: {what} ...", flush=True)


def run(*command: str | Path, env: dict[str, str] | None = None) -> None:
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env=env, check=False)
    if done.returncode:
        sys.exit(
            f"setup: `{' '.join(str(part) for part in command)}` failed; the lines above say why"
        )


def registry_environment(python: Path) -> dict[str, str]:
    """uv does not read pip's configuration: hand it the index and certificate a person set for
    pip.
    """
    env = dict(os.environ)
    listing = subprocess.run(
        [python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    settings = {}
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        settings[name.rpartition(".")[2]] = value.strip("'\"")
    if "index-url" in settings:
        env.setdefault("UV_DEFAULT_INDEX", settings["index-url"])
    if "cert" in settings:
        env.setdefault("SSL_CERT_FILE", settings["cert"])
    env["VIRTUAL_ENV"] = str(ROOT / ".venv")
    return env


def compile_bytecode(python: Path, *folders: Path) -> None:
    """Compiles once what every start would compile anew where Python may not write: half of a
    start's time.

    A few packages carry templates that are no Python; that they cannot be compiled does no harm.
    """
    say("compiling it once, so that every start is quicker (half a minute to two)")
    subprocess.run(
        [python, "-m", "compileall", "-q", "-q", "-j", "0", *folders],
        cwd=ROOT,
        check=False,
        stdout=subprocess.DEVNULL,
    )


def main(lock: str, where: str = ".venv") -> None:
    if sys.version_info < NEEDED:
        sys.exit(
            f"setup: Python {NEEDED[0]}.{NEEDED[1]} or later is needed, this is "
            f"{sys.version.split()[0]}"
        )
    venv = ROOT / where
    python = venv / "bin" / "python"
    if not python.exists():
        run(sys.executable, "-m", "venv", venv)
    if not (venv / "bin" / "uv").exists():
        run(
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            "-r",
            "requirements/bootstrap.txt",
        )
    env = registry_environment(python) | {"VIRTUAL_ENV": str(venv)}
    uv = venv / "bin" / "uv"
    say(f"installing what requirements/{lock}.txt names")
    run(
        uv,
        "pip",
        "install",
        "--quiet",
        "--require-hashes",
        "-r",
        f"requirements/{lock}.txt",
        env=env,
    )
    if where == ".venv":
        run(
            uv,
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--editable",
            ".",
            env=env,
        )
    compile_bytecode(python, *venv.glob("lib/python*/site-packages"), ROOT / "src")
    if where == ".venv" and lock == "run":
        say("compiling the kernels once (a minute or two)")
        run(python, "scripts/stale_kernels.py")
        run(python, "scripts/compile_kernels.py")
    (venv / f".{lock}-ready").touch()


if __name__ == "__main__":
    main(*sys.argv[1:])
