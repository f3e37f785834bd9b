"""Long runs, asked for by name: `make test-deep`."""
