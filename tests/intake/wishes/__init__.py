"""How well the rules of suggestion know labelled wishes: `python -m tests.intake.wishes`, `make bench-wishes`."""
