"""Every error at a door is a problem in the reader's language, points at what is wrong, and repeats nothing."""

import json
import logging
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.platform.web import wording
from shared.platform.web.errors import MEDIA_TYPE
from shared.platform.web.wording import GENERAL, language_of, validation
from tests.platform.example_doors import SECRET, bearer, example, knock

CALLS = "/example/v1/1460/calls"


async def answer(method: str, path: str, **how: Any) -> httpx.Response:
    async with knock(example()) as client:
        return await client.request(method, path, **how)


async def refused(body: Any, language: str = "en") -> dict[str, Any]:
    response = await answer("POST", CALLS, json=body, headers=bearer() | {"Accept-Language": language})
    assert response.status_code == 422
    return problem(response)


def problem(response: httpx.Response) -> dict[str, Any]:
    assert response.headers["content-type"] == MEDIA_TYPE
    told: dict[str, Any] = response.json()
    assert set(told) == {"type", "title", "status", "detail", "instance", "errors"}
    assert told["status"] == response.status_code
    assert told["instance"] == f"urn:kommunkontakt:request:{response.headers['x-correlation-id']}"
    assert SECRET not in response.text
    return told


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("refused", 409, "already-done"),
        ("unknown", 404, "no-such-contact"),
        ("invalid", 422, "bad-day"),
        ("away", 503, "try-again"),
        ("lost", 503, "try-again"),
        ("outdated", 503, "try-again"),
        ("not-yet", 409, "not-yet"),
        ("unwritable", 422, "cannot-be-kept"),
        ("bug", 500, "our-error"),
    ],
)
async def test_each_kind_of_error_has_its_status_and_type(kind: str, status: int, code: str) -> None:
    response = await answer("GET", f"/example/v1/failures/{kind}")
    told = problem(response)
    assert (response.status_code, told["type"]) == (status, f"/problems/{code}")
    assert ("retry-after" in response.headers) == (kind in ("away", "lost", "outdated", "not-yet"))


async def test_a_refusal_is_said_in_the_readers_language_and_points_at_its_cause() -> None:
    swedish = await answer("GET", "/example/v1/failures/refused")
    english = await answer("GET", "/example/v1/failures/refused", headers={"Accept-Language": "en-GB"})
    assert problem(swedish)["errors"] == [{"pointer": "/wish", "detail": "Det är redan gjort."}]
    assert problem(english)["errors"] == [{"pointer": "/wish", "detail": "It is done already."}]
    assert problem(swedish)["title"] != problem(english)["title"]
    assert (swedish.headers["content-language"], english.headers["content-language"]) == ("sv", "en")


async def test_a_refusal_of_the_whole_points_at_the_whole() -> None:
    told = problem(await answer("GET", "/example/v1/failures/invalid"))
    assert told["errors"] == [{"pointer": "", "detail": "Fel dag."}]


async def test_a_bug_is_logged_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        await answer("GET", "/example/v1/failures/bug")
    logged = next(record for record in caplog.records if record.levelname == "ERROR")
    assert SECRET not in logged.getMessage()
    assert logged.exc_info


async def test_an_answer_that_breaks_our_own_contract_is_a_bug() -> None:
    assert problem(await answer("GET", "/example/v1/wrong-answer"))["status"] == 500


async def test_an_answer_that_breaks_off_is_logged_and_raised(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match=SECRET):
        await answer("GET", "/example/v1/broken-stream")
    assert any(record.message == "a bug at a door" for record in caplog.records)


async def test_unknown_addresses_and_methods_are_problems() -> None:
    assert problem(await answer("GET", f"/nothing/{SECRET}"))["type"] == "/problems/no-such-address"
    assert problem(await answer("GET", "/example/v1/parts/"))["status"] == 404
    response = await answer("DELETE", CALLS)
    assert problem(response)["type"] == "/problems/wrong-method"
    assert response.headers["allow"] == "GET, POST"  # of two doors
    assert problem(await answer("POST", "/docs"))["status"] == 405


async def test_each_wrong_member_has_its_pointer() -> None:
    told = await refused(
        {
            "channel": "fax",
            "received_at": "now",
            "on": "x",
            "count": "many",
            "share": [],
            "company": {"organisation_number": SECRET},
            "pets": [{"kind": "cat", "lives": None}],
        }
    )
    by_pointer = {wrong["pointer"]: wrong["detail"] for wrong in told["errors"]}
    assert by_pointer["/wish"] == "Is missing and must be given."
    assert by_pointer["/channel"] == "Must be one of: 'phone' or 'visit'."
    assert by_pointer["/received_at"].startswith("Must be a moment with its offset")
    assert by_pointer["/on"].startswith("Must be a date")
    assert by_pointer["/count"] == "Must be a whole number."
    assert by_pointer["/share"] == "Must be a number."
    assert by_pointer["/company/organisation_number"] == "Must match the pattern ^[0-9]{10}$."
    assert {"/pets/0/lives", "/pets/0/organisation_number"} <= set(by_pointer)
    assert SECRET not in json.dumps(told)


async def test_texts_are_swedish_unless_asked_otherwise() -> None:
    told = await refused({"wish": ""}, language="sv-SE,en;q=0.5")
    assert told["errors"] == [{"pointer": "/wish", "detail": "Ska ha minst 1 tecken."}]
    assert told["title"] == "Uppgifterna följer inte reglerna"


async def test_a_missing_or_wrong_whole_points_at_the_whole() -> None:
    assert (await refused([]))["errors"] == [{"pointer": "", "detail": "Must be an object."}]
    response = await answer("POST", CALLS, headers=bearer())
    assert problem(response)["errors"] == [{"pointer": "", "detail": "Saknas men måste anges."}]


async def test_what_is_outside_the_body_has_its_place_first() -> None:
    response = await answer("GET", "/example/v1/failures/bug?size=0")
    assert problem(response)["errors"] == [{"pointer": "/query/size", "detail": "Ska vara minst 1."}]
    response = await answer("POST", CALLS, json={"wish": "x"}, headers=bearer() | {"Idempotency-Key": "two words"})
    assert [wrong["pointer"] for wrong in problem(response)["errors"]] == ["/header/Idempotency-Key"]


async def test_an_answer_never_has_more_than_fifty_errors() -> None:
    assert len((await refused({"wish": "x", "pets": [{}] * 300}))["errors"]) == 50


async def test_other_content_than_json_is_refused_as_such() -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        response = await answer(
            "POST", CALLS, content=b'{"wish": "x"}', headers=bearer() | {"Content-Type": content_type}
        )
        assert problem(response)["type"] == "/problems/wrong-media-type"
    assert problem(await answer("POST", CALLS, content=b"{}", headers=bearer()))["status"] == 415


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "sv"),
        ("", "sv"),
        ("en", "en"),
        ("en-US,en;q=0.9", "en"),
        ("en;q=0.5, sv;q=0.8", "sv"),
        ("sv;q=0.1,en;q=0.2", "en"),
        ("de,fr", "sv"),
        ("en;q=0", "sv"),
        ("en;q=x", "sv"),
        ("en;q=2", "sv"),
        ("en;level=1", "en"),
        ("*", "sv"),
    ],
)
def test_the_language_is_the_one_preferred(accepted: str | None, language: str) -> None:
    assert language_of(accepted) == language


@given(st.text(max_size=60))
def test_any_language_header_gives_one_of_two(accepted: str) -> None:
    assert language_of(accepted) in ("sv", "en")


def test_every_error_of_pydantic_has_a_text() -> None:
    assert validation("nothing_like_it", {}, "sv") == GENERAL.sv
    assert validation("string_too_short", {}, "en") == GENERAL.en
    assert validation("int_parsing", {}, "en") == "Must be a whole number."
    assert validation("datetime_from_date_parsing", {}, "sv").startswith("Ska vara en tidpunkt")
    assert validation("date_from_datetime_inexact", {}, "en").startswith("Must be a date")


def test_both_languages_have_the_same_places() -> None:
    texts = [*wording.ERRORS.values(), *wording.TITLES.values(), *wording.DETAILS.values()]
    for text in texts:
        assert text.sv.count("{") == text.en.count("{")
        assert text.sv != text.en
