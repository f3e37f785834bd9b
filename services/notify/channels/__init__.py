"""The ways in which a message leaves us: one file a channel."""
