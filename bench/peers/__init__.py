"""Other frameworks for the same: consume, and decode each event by the same function. Each in a process of its own."""
