"""procurement: knows when it is time to procure, and says so to whom it concerns."""
