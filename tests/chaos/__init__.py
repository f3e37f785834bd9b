"""The chaos run: everything is killed, stopped, filled and torn while a referee counts. `make chaos` runs it."""
