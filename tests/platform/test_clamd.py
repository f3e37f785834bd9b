"""What clamd says counts, and its silence is no clean bill: against a small server that speaks its protocol."""

from pathlib import Path

import pytest

from shared.platform.clamd import Clamd
from shared.platform.errors import TryAgain
from tests.fake_clamd import fake_clamd
from tests.platform.test_files import coming

EVIL = b"X5O!-the-evil-bytes"


async def judged(url: str, *pieces: bytes) -> str | None:
    async with Clamd(url).scan() as scan:
        async for piece in coming(pieces):
            await scan.see(piece)
        return await scan.found()


async def test_clean_bytes_are_clean_and_it_has_seen_all_of_them() -> None:
    async with fake_clamd(EVIL) as clamd:
        assert await judged(clamd.url, b"Hej, ", b"", b"h\xc3\xa4r \xc3\xa4r ritningen") is None
        assert clamd.seen == [b"Hej, h\xc3\xa4r \xc3\xa4r ritningen"]


async def test_what_it_finds_has_a_name_also_across_pieces() -> None:
    async with fake_clamd(EVIL) as clamd:
        assert await judged(clamd.url, EVIL[:5], EVIL[5:]) == "Eicar-Test-Signature"


async def test_over_a_socket_of_this_machine(tmp_path: Path) -> None:
    async with fake_clamd(EVIL, tmp_path / "clamd.sock") as clamd:
        assert await judged(clamd.url, b"Hej") is None


async def test_more_than_it_takes_is_for_another_time() -> None:
    async with fake_clamd(EVIL, largest=10) as clamd:
        with pytest.raises(TryAgain):
            await judged(clamd.url, b"x" * 11)


async def test_nobody_there_is_for_another_time() -> None:
    async with fake_clamd(EVIL) as clamd:
        gone = clamd.url
    with pytest.raises(TryAgain):
        await judged(gone, b"Hej")


async def test_one_that_hangs_up_is_for_another_time() -> None:
    async with fake_clamd(EVIL, hangs_up=True) as clamd:
        with pytest.raises(TryAgain):
            await judged(clamd.url, *[b"x" * 100_000] * 50)
