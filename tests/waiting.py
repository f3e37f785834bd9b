"""Waiting for something to become true, with a deadline that fails the test: never a sleep that hopes."""

import asyncio
import time
from collections.abc import Awaitable, Callable


def until_sync(what: str, done: Callable[[], bool], seconds: float = 30.0) -> None:
    """Look again and again; TimeoutError with the words when it never became true."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s until {what}")
        time.sleep(0.05)


async def until(what: str, done: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
    """The same for what is asked with await."""
    end = time.monotonic() + seconds
    while not await done():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s until {what}")
        await asyncio.sleep(0.02)
