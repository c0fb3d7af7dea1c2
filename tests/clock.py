"""Virtual time for tests: the replay's own loop."""

from engine.cassettes.replay import TICK, VirtualLoop, passing
from engine.cassettes.replay import run_in_virtual_time as run

__all__ = ["TICK", "VirtualLoop", "passing", "run"]
