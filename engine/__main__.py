"""`python -m engine` is `habeas`."""

from engine.cli import main

main()
