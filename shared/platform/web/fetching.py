"""Fetches the key set of an identity provider; loaded only when there is one, for httpx takes five megabytes."""

from collections.abc import Awaitable, Callable

import httpx

from shared.platform.errors import TryAgain

LARGEST = 200_000


def fetching(url: str, transport: httpx.AsyncBaseTransport | None = None) -> Callable[[], Awaitable[bytes]]:
    """A function that fetches the key set: no redirects, no proxy of the environment, bounded in time and size.

    TryAgain when it is not to be had now, ValueError when it is too large.
    """

    async def fetch() -> bytes:
        client = httpx.AsyncClient(transport=transport, timeout=5.0, trust_env=False)
        try:
            async with client, client.stream("GET", url) as response:
                return await _body(response)
        except httpx.HTTPError as error:
            raise TryAgain("the identity provider did not answer") from error

    return fetch


async def _body(response: httpx.Response) -> bytes:
    if response.status_code != 200:
        raise TryAgain(f"the identity provider answered {response.status_code}")
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LARGEST:
            raise ValueError("the key set is too large")
    return body
