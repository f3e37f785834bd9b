"""Addresses in settings: what each kind must look like."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def _without_fault(url: str, schemes: tuple[str, ...]) -> str:
    try:
        parts = urlsplit(url)
        well_formed = parts.scheme in schemes and parts.hostname and (parts.port or True)
    except ValueError:
        well_formed = False
    if not well_formed:
        raise ValueError(f"must be an address that begins with {' or '.join(s + '://' for s in schemes)}")
    return url


def _kafka(servers: str) -> str:
    if not re.fullmatch(r"[^\s,:/]+:[0-9]{1,5}(,[^\s,:/]+:[0-9]{1,5})*", servers):
        raise ValueError("must be host:port, several with a comma between")
    return servers


def _mongo(url: str) -> str:
    if not re.fullmatch(r"mongodb(\+srv)?://[^\s/]+(/\S*)?", url):
        raise ValueError("must be an address that begins with mongodb:// or mongodb+srv://")
    return url


def _smtp(url: str) -> str:
    return _without_fault(url, ("smtp", "smtps"))


def _http(url: str) -> str:
    return _without_fault(url, ("https", "http"))


def _jwks(url: str) -> str:
    parts = urlsplit(_without_fault(url, ("https", "http")))
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("must be https, or http on this machine's own loopback address")
    return url


KafkaServers = Annotated[str, AfterValidator(_kafka)]
"""Bootstrap servers of Kafka."""
MongoUrl = Annotated[str, AfterValidator(_mongo)]
"""The address of a MongoDB."""
SmtpUrl = Annotated[str, AfterValidator(_smtp)]
"""The address of a mail server."""
HttpUrl = Annotated[str, AfterValidator(_http)]
"""An address on the web."""
KeysUrl = Annotated[str, AfterValidator(_jwks)]
"""Where an identity provider publishes its keys."""
