"""The doors: HTTP in and out, the same for every service."""
