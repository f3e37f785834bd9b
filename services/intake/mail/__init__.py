"""Mail comes in: a message is read, becomes an arrival, and is registered before it is answered for."""
