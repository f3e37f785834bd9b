"""Looks whether the servers whose addresses were given answer, so that a wrong address is told at once."""

import socket
from urllib.parse import urlsplit

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from stack.environment import given
from stack.problem import Problem

SECONDS = 5


def insist_on_answers() -> None:
    """Refuses with one sentence that names the variable, and never repeats an address: it may hold a password."""
    if kafka := given("KAFKA_URL"):
        _insist_on_a_door("KAFKA_URL", f"kafka://{kafka.split(',')[0]}", 9092)
    if smtp := given("SMTP_URL"):
        _insist_on_a_door("SMTP_URL", smtp, 25)
    if mongo := given("MONGO_URL"):
        _insist_on_mongo(mongo)


def _insist_on_a_door(name: str, url: str, usual: int) -> None:
    try:
        parts = urlsplit(url)
        with socket.create_connection((parts.hostname or "", parts.port or usual), timeout=SECONDS):
            return
    except (OSError, ValueError):
        raise Problem(f"Nobody answers at the address in {name}.") from None


def _insist_on_mongo(url: str) -> None:
    try:
        with MongoClient[dict[str, object]](url, serverSelectionTimeoutMS=SECONDS * 1000) as client:
            member = client.admin.command("hello").get("setName")
    except (PyMongoError, ValueError):
        raise Problem("No MongoDB answers at the address in MONGO_URL.") from None
    if not member:
        raise Problem("The MongoDB in MONGO_URL is not a replica set: start it with --replSet and initiate it.")
