"""What every channel is."""

from typing import Protocol

from services.notify.model import ChannelName, Letter, Receipt


class Channel(Protocol):
    """Hands letters over to the next carrier; at most `at_once` at a time are given to it."""

    name: ChannelName
    at_once: int

    async def send(self, letter: Letter) -> Receipt:
        """Hand one letter over. What can be expected to go wrong is told by the receipt, never by an exception."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
