"""A form is read part by part, however the bytes come, and what is no form is refused."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from shared.platform.web.body import TooLarge
from shared.platform.web.errors import WrongMedia
from shared.platform.web.forms import MOST_PARTS, BrokenForm, parts_of

Read = list[tuple[str, str | None, str, bytes]]
MULTIPART = "multipart/form-data; boundary=edge"
FIELD = '--edge\r\nContent-Disposition: form-data; name="wish"\r\n\r\nEtt kafé\r\npå torget\r\n'.encode()
FILE = (
    '--edge\r\ncontent-disposition: form-data; name="file"; filename="på.txt"\r\n'
    "Content-Type: text/html; charset=x\r\n\r\n"
).encode() + b"\x00\r\n--edg\xff\r\n"
END = b"--edge--\r\n"


def asked(content_type: str, chunks: Sequence[bytes], gone: bool = False) -> Request:
    left = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    left.append({"type": "http.disconnect"} if gone else {"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Any:
        return left.pop(0)

    return Request({"type": "http", "headers": [(b"content-type", content_type.encode())]}, receive)


def read(content_type: str, chunks: Sequence[bytes], gone: bool = False) -> Read:
    async def all_of() -> Read:
        found: Read = []
        async for part in parts_of(asked(content_type, chunks, gone)):
            found.append((part.name, part.file_name, part.media_type, b"".join([piece async for piece in part.pieces])))
        return found

    return asyncio.run(all_of())


WHOLE: Read = [
    ("wish", None, "text/plain", "Ett kafé\r\npå torget".encode()),
    ("file", "på.txt", "text/html", b"\x00\r\n--edg\xff"),
]


@given(st.lists(st.integers(1, 60), min_size=1))
def test_a_form_is_the_same_wherever_it_is_cut(sizes: list[int]) -> None:
    body, chunks = FIELD + FILE + END, []
    for size in sizes:
        chunks.append(body[:size])
        body = body[size:]
    assert read(MULTIPART, [*chunks, body]) == WHOLE


@pytest.mark.parametrize("cut", range(1, len(FIELD + FILE + END) - 2))
def test_a_form_that_ends_early_is_broken_and_never_taken_for_whole(cut: int) -> None:
    with pytest.raises(BrokenForm):
        read(MULTIPART, [(FIELD + FILE + END)[:cut]])


def test_who_hangs_up_has_sent_no_form() -> None:
    for content_type in (MULTIPART, "application/x-www-form-urlencoded"):
        with pytest.raises(BrokenForm):
            read(content_type, [FIELD], gone=True)


def test_a_part_that_nobody_reads_is_passed_by() -> None:
    async def names() -> list[str]:
        return [part.name async for part in parts_of(asked(MULTIPART, [FIELD + FILE + FIELD + END]))]

    assert asyncio.run(names()) == ["wish", "file", "wish"]


def test_a_text_has_lines_as_people_mean_them_and_a_limit() -> None:
    async def texts(longest: int) -> list[str | None]:
        return [await part.text(longest) async for part in parts_of(asked(MULTIPART, [FIELD + END]))]

    assert asyncio.run(texts(100)) == ["Ett kafé\npå torget"]
    assert asyncio.run(texts(len("Ett kafé\r\npå torget".encode()) - 1)) == [None]


def test_a_url_encoded_form_has_a_limit() -> None:
    with pytest.raises(TooLarge):
        read("application/x-www-form-urlencoded", [b"a" * 1_000_001])


def test_a_url_encoded_form_is_read_too() -> None:
    fields = read("application/x-www-form-urlencoded; charset=utf-8", [b"wish=Ett+kaf%C3", b"%A9&empty=&wish=x"])
    assert [(name, value.decode()) for name, _, _, value in fields] == [
        ("wish", "Ett kafé"),
        ("empty", ""),
        ("wish", "x"),
    ]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"wish=%FF"),
        ("application/x-www-form-urlencoded", b"wish=\xe5"),
        ("application/x-www-form-urlencoded", b"&".join([b"a=b"] * (MOST_PARTS + 1))),
        (MULTIPART, b"--edge\r\nContent-Disposition: form-data\r\n\r\nx\r\n" + END),
        (MULTIPART, b'--edge\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nx\r\n' + END),
        (MULTIPART, b"no form at all"),
        (MULTIPART, FIELD * (MOST_PARTS + 1) + END),
        (f"{MULTIPART}{'x' * 1_000}", END),
    ],
)
def test_what_cannot_be_read_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(BrokenForm) as refused:
        read(content_type, [body])
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "content_type", ["", "application/json", "multipart/form-data", "multipart/mixed; boundary=edge"]
)
def test_what_is_no_form_is_refused_as_that(content_type: str) -> None:
    with pytest.raises(WrongMedia):
        read(content_type, [FIELD + END])


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_a_form_or_refused(body: bytes, begun: bool) -> None:
    with contextlib.suppress(BrokenForm):
        for name, _, _, value in read(MULTIPART, [FIELD + body if begun else body]):
            assert name
            assert value in FIELD + body
