"""The install under docker compose, and servers that testcontainers starts: these need a Docker engine."""
