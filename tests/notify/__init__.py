"""notify alone."""
