"""Virtual time for tests: the replay's own loop."""

from engine.cassettes.virtual_time import TICK, VirtualLoop, passing, run

__all__ = ["TICK", "VirtualLoop", "passing", "run"]
