"""`make demo`: the simulator in its own process, one access request against it, and where the result lies.

Uses nothing but the commands a person would type.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

OUT = Path(".demo")


def main() -> int:
    """Run the demo; gives the exit code of the access request."""
    shutil.rmtree(OUT, ignore_errors=True)
    habeas = [sys.executable, "-m", "engine"]
    with subprocess.Popen([*habeas, "simulate", "zoom", "--port", "0", "--json"], stdout=subprocess.PIPE, text=True) as simulator:
        try:
            assert simulator.stdout is not None
            line = simulator.stdout.readline()
            if not line:
                return simulator.wait()
            up = json.loads(line)
            words = ["run", "zoom", "--at", up["address"], "--email", up["people"][0], "--out", str(OUT), "--ref", "DEMO-1"]
            print(f"A simulated Zoom listens on {up['address']}, in a process of its own.\n\n$ habeas {' '.join(words)}\n", flush=True)
            environment = {**os.environ, "HABEAS_ZOOM_TOKEN": up["token"]}
            return subprocess.run([*habeas, *words], env=environment, check=False).returncode
        finally:
            simulator.terminate()


if __name__ == "__main__":
    sys.exit(main())
