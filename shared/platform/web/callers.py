"""Who calls, and how often they may: counted in memory, and nobody's address is kept."""

import hmac
import math
import os
import time
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network

from starlette.requests import Request

HOUR = 3600.0
MOST_CALLERS = 100_000
Networks = Sequence[IPv4Network | IPv6Network]


class Allowance:
    """Each caller may come `an_hour` times at once, and then so many an hour.

    A caller is known by a hash under a key of this process. Of each only the moment is kept at which all that they
    have used is given back (the generic cell rate algorithm); when there are too many, the oldest are forgotten.
    """

    def __init__(self, an_hour: int, watch: Callable[[], float] = time.monotonic, most: int = MOST_CALLERS) -> None:
        self._each, self._watch, self._most = HOUR / an_hour, watch, most
        self._key = os.urandom(32)
        self._free_at: dict[bytes, float] = {}

    def take(self, caller: str) -> int:
        """0 when the caller may go on, else the whole seconds to wait until they may."""
        known_as, now = hmac.digest(self._key, caller.encode(), "sha256"), self._watch()
        free_at = max(now, self._free_at.pop(known_as, now)) + self._each
        wait = free_at - now - HOUR
        self._free_at[known_as] = free_at if wait <= 0 else free_at - self._each
        if len(self._free_at) > self._most:
            self._forget(now)
        return max(0, math.ceil(wait))

    def _forget(self, now: float) -> None:
        self._free_at = {who: at for who, at in self._free_at.items() if at > now}
        while len(self._free_at) > self._most:
            del self._free_at[next(iter(self._free_at))]


def caller_of(request: Request, trusted: Networks) -> str:
    """The address of the one who calls: the nearest that is none of our own proxies.

    X-Forwarded-For is read from its end, and only as far as those who wrote it are trusted: what a caller writes there
    themselves changes nothing. Of an IPv6 address the network counts, for a home or an office has a whole one.
    """
    nearest = request.client.host if request.client else ""
    written = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    while written and _is_within(nearest, trusted):
        before = written.pop().strip()
        if not _is_address(before):
            break
        nearest = before
    return _home_of(nearest)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_within(text: str, networks: Networks) -> bool:
    return _is_address(text) and any(ip_address(text) in network for network in networks)


def _home_of(text: str) -> str:
    if not _is_address(text):
        return text
    address = ip_address(text)
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address.packed[:8] + bytes(8), 64)))
