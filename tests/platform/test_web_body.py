"""Any bytes as a body get a clear answer, never an error of ours."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from shared.contracts.refusal import Refused
from shared.platform.web.body import DEEPEST, LARGEST, GuardedBody, check_json, pointer
from tests.platform.example_doors import bearer, example, raw

APP = example()
CALLS = "/example/v1/1460/calls"
JSON = {"Content-Type": "application/json"}


def posted(body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    status, answer = raw(APP, CALLS, JSON | bearer() | headers, [body])
    return status, json.loads(answer)


@pytest.mark.parametrize(
    ("body", "status", "code", "where"),
    [
        (rb'{"wish": "\ud800"}', 422, "half-a-character", "/wish"),
        (rb'{"wish": "x", "anything": {"\udfff": 1}}', 422, "half-a-character", "/anything"),
        (b'{"wish": "x", "count": 9223372036854775808}', 422, "number-too-big", "/count"),
        (b'{"wish": "x", "count": -9223372036854775809}', 422, "number-too-big", "/count"),
        (b'{"wish": "x", "anything": [0, {"a/b": 1' + b"0" * 5000 + b"}]}", 422, "number-too-big", "/anything/1/a~1b"),
        (b'{"wish": "x", "count": 1e30}', 422, "number-too-big", "/count"),
        (b'{"wish": "x", "share": 1e999}', 422, "number-too-big", "/share"),
        (rb'{"wish": "a\u0000b"}', 422, "nul", "/wish"),
        (b'{"wish": "x", "anything": ' + b"[" * 40 + b"]" * 40 + b"}", 422, "too-deep", ""),
        (b"[" * 100_000, 422, "too-deep", ""),
        (b'{"wish": NaN}', 400, "malformed-json", None),
        (b'{"wish": "x", "share": Infinity}', 400, "malformed-json", None),
        (b'{"wish": \xff}', 400, "malformed-json", None),
        ("\ufeff{}".encode(), 400, "malformed-json", None),
        ('{"wish": "x"}'.encode("utf-16"), 400, "malformed-json", None),
        (b'{"wish": "x"', 400, "malformed-json", None),
        (b"\x00", 400, "malformed-json", None),
    ],
)
def test_what_no_database_could_keep_is_refused_where_it_stands(
    body: bytes, status: int, code: str, where: str | None
) -> None:
    got, told = posted(body)
    assert (got, told["type"]) == (status, f"/problems/{code}")
    assert [wrong["pointer"] for wrong in told["errors"]] == ([] if where is None else [where])


def test_the_limits_themselves_come_in() -> None:
    whole = {"wish": "åäö 🙂", "count": 2**63 - 1, "anything": [-(2**63), 0.5, True, None, "\U0001f600"]}
    assert posted(json.dumps(whole).encode())[0] == 201
    deep = b"[" * (DEEPEST - 1) + b"]" * (DEEPEST - 1)
    assert posted(b'{"wish": "x", "anything": ' + deep + b"}")[0] == 201


@pytest.mark.parametrize("value", ["7", True, 7.0, "9223372036854775808"])
def test_a_whole_number_is_nothing_else(value: Any) -> None:
    status, told = posted(json.dumps({"wish": "x", "count": value}).encode())
    assert (status, [wrong["pointer"] for wrong in told["errors"]]) == (422, ["/count"])


def test_malformed_json_is_told_its_place() -> None:
    _, told = posted(b'{"wish":\n oops}', **{"Accept-Language": "en"})
    assert told["detail"] == "The content is not valid JSON in UTF-8. Line 2, character 2."


def test_a_body_is_counted_as_it_comes() -> None:
    chunks = [b" " * 100_000] * 11
    status, answer = raw(APP, CALLS, JSON | bearer(), chunks)
    assert (status, json.loads(answer)["type"]) == (413, "/problems/too-large")


def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    for length in (str(LARGEST + 1), "9" * 5000):
        status, answer = raw(APP, CALLS, JSON | bearer() | {"Content-Length": length}, [b"{}"])
        assert (status, json.loads(answer)["type"]) == (413, "/problems/too-large")


def test_other_content_has_the_same_limit_and_is_not_looked_at() -> None:
    text = {"Content-Type": "text/plain"}
    assert raw(APP, "/example/v1/bytes", text, [b"\xff" * LARGEST]) == (200, str(LARGEST).encode())
    status, answer = raw(APP, "/example/v1/bytes", text, [b"x" * LARGEST, b"x"])
    assert (status, json.loads(answer)["type"]) == (413, "/problems/too-large")


def test_a_body_in_pieces_is_one_body() -> None:
    status, _ = raw(APP, CALLS, JSON | bearer(), [b'{"wi', b"", b'sh": "x', b'"}'])
    assert status == 201


def test_a_door_that_reads_no_body_does_not_look_at_it() -> None:
    assert raw(APP, "/nowhere", JSON, [b"\xff" * 10])[0] == 404
    assert raw(APP, "/alive", JSON | {"Content-Length": "99999999"}, [b"\xff"], method="GET")[0] == 200


def test_a_client_that_goes_away_harms_nobody() -> None:
    status, _ = raw(APP, CALLS, JSON | bearer(), [])
    assert status == 400


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=x", "application/vnd.x+json", " application/json ;;"],
)
def test_whatever_the_framework_takes_for_json_is_looked_at(content_type: str) -> None:
    status, answer = raw(APP, CALLS, bearer() | {"Content-Type": content_type}, [rb'{"wish": "\ud800"}'])
    assert (status, json.loads(answer)["type"]) == (422, "/problems/half-a-character")


texts = st.text(max_size=8)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), texts)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
names = st.sampled_from(["wish", "channel", "received_at", "on", "count", "share", "company", "pets", "anything"])
bodies = st.one_of(
    st.binary(max_size=80),
    values.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(names, values, max_size=6).map(lambda value: json.dumps(value | {"wish": "x"}).encode()),
    st.from_regex(rb'[\[\]{}":,0-9eE.\\u\-dDfF truefalsn]{0,60}', fullmatch=True),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bodies)
def test_any_body_gets_an_answer_that_is_no_error_of_ours(body: bytes) -> None:
    status, answer = posted(body)
    assert status in (201, 400, 422)
    assert status == 201 or answer["type"].startswith("/problems/")


@settings(deadline=None)
@given(bodies, st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40))
def test_any_content_type_gets_an_answer_that_is_no_error_of_ours(body: bytes, content_type: str) -> None:
    status, _ = raw(APP, CALLS, bearer() | {"Content-Type": content_type}, [body])
    assert status in (201, 400, 415, 422)


@given(st.binary(max_size=60))
def test_what_passes_can_be_encoded_again(body: bytes) -> None:
    try:
        check_json(body)
    except Refused as refused:
        event(refused.code)
        return
    json.dumps(json.loads(body), allow_nan=False).encode()


def test_pointers_escape_what_rfc_6901_escapes() -> None:
    assert pointer(("a/b", "m~n", 0, "")) == "/a~1b/m~0n/0/"


async def test_other_messages_pass_untouched() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    assert await GuardedBody({"type": "http", "headers": []}, receive)() == {"type": "http.disconnect"}
