"""intake alone."""
