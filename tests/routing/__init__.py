"""routing alone."""
