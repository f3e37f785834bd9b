"""What is measured: what the promises cost beside simpler ways to do the same work, and what they ask of MongoDB."""
