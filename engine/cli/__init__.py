"""The command line: arguments in, exit code out. Holds no logic; what is heavy is imported by the command that needs it."""

from engine.cli.app import main

__all__ = ["main"]
