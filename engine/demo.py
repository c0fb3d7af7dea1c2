"""`make demo`: start the simulated Zoom in a process of its own, then connect, verify and run against it.

Each step is the command that a person would type; a program presses Allow in the browser's place.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OUT = Path(".demo")
HABEAS = (sys.executable, "-m", "engine")
PORT = 8917


def main() -> int:
    """Run the demo; gives 0, or the exit code of the first command that fails."""
    shutil.rmtree(OUT, ignore_errors=True)
    with subprocess.Popen([*HABEAS, "simulate", "zoom", "--port", "0", "--json"], stdout=subprocess.PIPE, text=True) as simulator:
        try:
            assert simulator.stdout is not None
            line = simulator.stdout.readline()
            return the_whole_way(json.loads(line)) if line else simulator.wait()
        finally:
            simulator.terminate()


def the_whole_way(up: Mapping[str, Any]) -> int:
    """Connect, verify, fetch once, then open a case for the same person and show what is to be decided."""
    at = ["--at", up["address"]]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HABEAS_")} | {
        "HABEAS_HOME": str(OUT / "state"),
        "HABEAS_ZOOM_CLIENT_ID": up["client_id"],
        "HABEAS_ZOOM_CLIENT_SECRET": up["client_secret"],
        "BROWSER": f"{shlex.quote(sys.executable)} -m engine.simulate.browser %s",
    }
    print(f"A simulated Zoom listens on {up['address']}, in a process of its own. Connections are kept in {OUT / 'state'}.", flush=True)
    for words in (
        ["connect", "zoom", *at, *redirect()],
        ["verify", "zoom", *at],
        ["run", "zoom", *at, "--email", up["people"][0], "--out", str(OUT), "--ref", "DEMO-1"],
        ["case", "new", "DEMO-1", "--vendor", "zoom", "--simulated"],
        ["case", "run", "DEMO-1", "--at", f"zoom={up['address']}"],
        ["review", "list", "DEMO-1", "--most", "8"],
    ):
        print(f"\n$ habeas {' '.join(words)}\n", flush=True)
        person = f"email: {up['people'][0]}\n" if words[:2] == ["case", "new"] else None
        code = subprocess.run([*HABEAS, *words], env=environment, input=person, text=True, check=False).returncode
        if code and words[0] != "review":  # 3: values wait for a decision, as they should
            return code
    print(f"\nTo go on with this case: export HABEAS_HOME={OUT / 'state'} PATH={Path(sys.executable).parent}:$PATH", flush=True)
    return 0


def redirect() -> list[str]:
    """Give `--redirect-uri` with a free port where the usual one is taken: on loopback with PKCE any will do (RFC 8252)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            with socket.socket() as other:
                other.bind(("127.0.0.1", 0))
                return ["--redirect-uri", f"http://127.0.0.1:{other.getsockname()[1]}/callback"]
    return []


if __name__ == "__main__":
    sys.exit(main())
