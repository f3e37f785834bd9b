"""intake's commands for operators, run with the service's own settings while it runs."""
