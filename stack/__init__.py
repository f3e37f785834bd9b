"""Kafka, MongoDB and a mail sink on this machine without Docker, and what starts the services beside them."""
