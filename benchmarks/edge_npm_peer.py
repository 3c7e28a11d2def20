"""A device that somebody else wrote: npm's `mqtt` client speaks to an edge through a broker, gets an
order from the centre and answers it; every count is held against what it sent.

Run: npm install --prefix DIR mqtt, then python benchmarks/edge_npm_peer.py DIR. Needs node and
Debian's mosquitto. Prints one JSON object; ends with an error where a count is wrong.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from bench_edge import AREA, Bench, Centre, wait_for

READINGS = 200
DEVICE = """
const mqtt = require(process.argv[2] + '/node_modules/mqtt')
const [port, readings] = [process.argv[3], Number(process.argv[4])]
const topic = 'twinward/bench/pump-1/'
const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { protocolVersion: 5, clientId: 'pump-1' })
const reading = (seq) => JSON.stringify({ boot: 'npm', seq, type: 'temperature', value: 20, occurred_at: new Date().toISOString() })
let said = 0
client.on('message', async (_, body) => {
  const order = JSON.parse(body).order
  for (let twice = 0; twice < 2; twice++) await client.publishAsync(topic + 'receipt', JSON.stringify({ order, state: 'done', says: 'by npm' }), { qos: 1 })
  if (++said === 1) setTimeout(() => client.end(false, {}, () => process.exit(0)), 1500)
})
client.on('connect', async () => {
  await client.subscribeAsync(topic + 'order', { qos: 1 })
  for (let seq = 0; seq < readings; seq++) {
    const told = reading(seq)
    for (let k = 0; k < (seq % 4 ? 1 : 2); k++) await client.publishAsync(topic + 'temperature', told, { qos: 1 })
  }
  let seq = readings // it goes on speaking: who speaks is awake
  setInterval(() => client.publish(topic + 'temperature', reading(seq++), { qos: 1 }), 5000)
})
"""


def post(centre: Centre, path: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{centre.port}{path}",
        json.dumps(body).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as got:
        return dict(json.loads(got.read()))


def main() -> None:
    modules = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "centre").mkdir()
        Path(folder, "device.cjs").write_text(DEVICE)
        centre = Centre(Path(folder, "centre"))
        bench = Bench(Path(folder), 1, f"http://127.0.0.1:{centre.port}")
        try:
            found = play(folder, modules, centre, bench)
        finally:
            bench.close()
            centre.close()
    sys.stdout.write(json.dumps(found) + "\n")


def play(folder: str, modules: str, centre: Centre, bench: Bench) -> dict[str, Any]:
    device = {"device": "pump-1", "edge": "bench", "profile": "thermometer", "area": AREA}
    post(centre, "/v1/devices", device)
    bench.start()
    peer = subprocess.Popen(
        ["node", f"{folder}/device.cjs", modules, str(bench.broker_port), str(READINGS)]
    )
    wait_for(lambda: centre.account()["stored"] >= READINGS, 180)
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    given = {"device": "pump-1", "action": "start", "until": until}
    order = post(centre, "/v1/device-orders", given)["id"]
    begun = time.monotonic()

    def state() -> str:
        found = centre.ask("/v1/device-orders?device=pump-1") or {"items": []}
        return next(one["state"] for one in found["items"] if one["id"] == order)

    wait_for(lambda: state() == "done", 180)
    done_s = time.monotonic() - begun
    peer.wait(timeout=60)
    account = centre.account()
    health = bench.health() or {}
    assert health["received"] == health["stored"] + health["duplicate"] + health["rejected"]
    assert health["rejected"] == 0 and health["duplicate"] >= (READINGS + 3) // 4, health
    assert account["stored"] >= READINGS and account["rejected"] == 0, account
    return {
        "sent": READINGS + (READINGS + 3) // 4,
        "edge": {name: health[name] for name in ("received", "stored", "duplicate", "rejected")},
        "centre": {name: account[name] for name in ("received", "stored", "duplicate", "rejected")},
        "order_done_after_s": round(done_s, 1),
    }


if __name__ == "__main__":
    main()
