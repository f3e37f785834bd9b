"""What we say to each other: every event, its stream and its samples. Pydantic and the standard library only."""
