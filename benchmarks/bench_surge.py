"""The night when everybody opens the page: nginx serves sealed passes, the core is gone.

python -m benchmarks.bench_surge [--passes 200000] [--seconds 300] [--connections 64] [--folder DIR]
[--nice N] [--json]

Signs a batch, publishes the tree, deletes the workspace, starts nginx with the configuration that
`twinward pass nginx` writes, and lets wrk ask for the slots of holders drawn at random (one range
of one file each, as the holder's page does). Needs the Debian packages nginx and wrk. Both share
the machine's cores; the load of other work is told with the answer.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PORT, SLOT, CHUNK = 8611, 224, 8192
IN_LUA = """
local asked = {{}}
local at = 0
function setup(thread) thread:set("seed", {seed}) end
function init(args)
  math.randomseed(seed)
  for n = 1, 50000 do
    local place = math.random(0, {passes} - 1)
    local first = (place % {chunk}) * {slot}
    asked[n] = wrk.format("GET", string.format("/b/{batch}/%05d.bin", math.floor(place / {chunk})),
      {{ ["Host"] = "passes", ["Range"] = string.format("bytes=%d-%d", first, first + {slot} - 1) }})
  end
end
function request() at = at % 50000 + 1; return asked[at] end
local wrong = 0
function response(status, headers, body) if status ~= 206 or #body ~= {slot} then wrong = wrong + 1 end end
function done(summary, latency, requests)
  io.write(string.format("p50_us %d\\np99_us %d\\nmax_us %d\\nanswers %d\\nus %d\\nerrors %d\\n",
    latency:percentile(50), latency:percentile(99), latency.max, summary.requests,
    summary.duration, summary.errors.connect + summary.errors.read + summary.errors.write
    + summary.errors.status + summary.errors.timeout))
end
"""


def twinward(*words: object) -> str:
    command = [sys.executable, "-m", "twinward.cli.main", *map(str, words)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def make_tree(folder: Path, passes: int) -> str:
    """The name of the batch in the tree; the workspace that signed it is deleted."""
    workspace, roster, public = (folder / name for name in ("core", "roster.txt", "public"))
    roster.write_text("".join(f"s-{number:09}\n" for number in range(passes)), "utf-8")
    twinward("init", workspace)
    root = folder / "root.pem"
    twinward("pass", "keys", "init", "--workspace", workspace, "--issuer", "City", "--root", root)
    twinward("pass", "ahead", "--workspace", workspace, "--subjects", roster)
    twinward("pass", "publish", public, "--workspace", workspace)
    shutil.rmtree(workspace)
    return next(one.name for one in (public / "b").iterdir() if one.is_dir())


def cpu_s(pid: int) -> float:
    """CPU seconds of a process and its children that run now."""
    ticks = os.sysconf("SC_CLK_TCK")
    found = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == pid or int(fields[1]) == pid:
            found += (int(fields[11]) + int(fields[12])) / ticks
    return found


def serve(folder: Path, nice: int) -> subprocess.Popen[bytes]:
    """nginx in the foreground with the project's own configuration."""
    conf, state = folder / "nginx.conf", folder / "state"
    state.mkdir()
    listen = f"127.0.0.1:{PORT}"
    twinward(
        "pass", "nginx", folder / "public", "--listen", listen, "--state", state, "--out", conf
    )
    user = "user root;" if os.geteuid() == 0 else ""
    command = ["nice", "-n", str(nice), "nginx", "-c", str(conf), "-g", f"daemon off; {user}"]
    server = subprocess.Popen(command)
    time.sleep(1.0)
    return server


def measure(folder: Path, passes: int, batch: str, options: argparse.Namespace) -> dict[str, float]:
    script = folder / "ask.lua"
    words = {"seed": 7, "passes": passes, "chunk": CHUNK, "slot": SLOT, "batch": batch}
    text = IN_LUA.format(**words)
    if not options.check:
        text = re.sub(r"local wrong.*\nfunction response.*\n", "", text)
    script.write_text(text, "utf-8")
    server = serve(folder, options.nice)
    try:
        command = ["nice", "-n", str(options.nice), "wrk", "-t1", f"-c{options.connections}"]
        command += [f"-d{options.seconds}s", "--timeout", "5s", "-s", str(script)]
        before, load = cpu_s(server.pid), os.getloadavg()[0]
        out = subprocess.run(
            [*command, f"http://127.0.0.1:{PORT}"], check=True, capture_output=True, text=True
        ).stdout
        used = cpu_s(server.pid) - before
    finally:
        server.terminate()
        server.wait()
    said = {name: float(value) for name, value in re.findall(r"^(\w+) (\d+)$", out, re.M)}
    return {
        "answers": said["answers"],
        "errors": said["errors"],
        "seconds": said["us"] / 1e6,
        "answers_per_s": said["answers"] / said["us"] * 1e6,
        "p50_ms": said["p50_us"] / 1e3,
        "p99_ms": said["p99_us"] / 1e3,
        "nginx_cpu_s": used,
        "answers_per_nginx_cpu_s": said["answers"] / max(used, 1e-9),
        "load_before": load,
        "load_after": os.getloadavg()[0],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=int, default=200_000)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--folder", type=Path, help="where the tree lies, such as /dev/shm")
    parser.add_argument("--nice", type=int, default=0, help="priority of both, below 0 as root")
    parser.add_argument("--check", action="store_true", help="wrk looks at each answer: slower")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        batch = make_tree(Path(name), options.passes)
        found = measure(Path(name), options.passes, batch, options)
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:24} {value:,.1f}")


if __name__ == "__main__":
    main()
