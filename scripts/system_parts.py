"""Installs the Debian packages that the tests talk to, when it may; says what is missing
otherwise.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# what must exist -> the Debian packages that bring it
PARTS: dict[str, list[str]] = {
    "/usr/lib/postgresql/15/bin/initdb": ["postgresql-15"],
    "/usr/share/postgresql/15/extension/postgis.control": ["postgresql-15-postgis-3"],
    "/usr/bin/chromium": ["chromium"],
    "/usr/sbin/mosquitto": ["mosquitto"],
    "/usr/bin/mosquitto_pub": ["mosquitto-clients"],
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc": ["fonts-noto-cjk"],
}


def missing_packages() -> list[str]:
    return [
        package
        for path, packages in PARTS.items()
        if not Path(path).exists()
        for package in packages
    ]


def main() -> int:
    missing = missing_packages()
    if not missing:
        return 0
    command = f"apt-get install --yes --no-install-recommends {' '.join(missing)}"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        subprocess.run(["apt-get", "update", "-qq"], env=env, stdout=sys.stderr, check=False)
        subprocess.run(command.split(), env=env, stdout=sys.stderr, check=False)
        missing = missing_packages()
    if missing:
        print(
            f"missing for the tests: {' '.join(missing)}; install with: sudo {command}",
            file=sys.stderr,
        )
        return 1 if os.environ.get("CI") == "true" else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
