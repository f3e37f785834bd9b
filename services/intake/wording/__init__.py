"""Texts that intake itself writes for people to read."""
