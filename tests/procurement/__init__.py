"""procurement alone."""
