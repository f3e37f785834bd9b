"""Logs are one JSON line an event and never tell what a person wrote."""

import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.platform import logs
from shared.platform.errors import NotYet

SECRET = "anna@example.org"


@pytest.fixture(autouse=True)
def _the_logging_of_others() -> Iterator[None]:
    root, access = logging.getLogger(), logging.getLogger("uvicorn.access")
    handlers, level, raises = root.handlers[:], root.level, logging.raiseExceptions
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    yield
    root.handlers[:], logging.raiseExceptions = handlers, raises
    root.setLevel(level)
    access.handlers.clear()
    access.propagate = True
    logging.captureWarnings(False)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


@pytest.fixture
def written() -> io.StringIO:
    stream = io.StringIO()
    logs.configure("intake", "info", stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def failed(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_a_line_says_when_who_and_what(written: io.StringIO) -> None:
    logging.getLogger("shared.platform.relay").info(
        "published %d", 3, extra={"count": 3, "topic": "intake.contacts.v1"}
    )
    (line,) = lines(written)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("at"))
    assert line == {
        "level": "info",
        "service": "intake",
        "logger": "shared.platform.relay",
        "message": "published 3",
        "count": 3,
        "topic": "intake.contacts.v1",
    }


def test_a_line_carries_the_story_it_belongs_to(written: io.StringIO) -> None:
    token = logs.correlation_id.set("story-1")
    try:
        logging.getLogger("services.intake").info("heard")
    finally:
        logs.correlation_id.reset(token)
    logging.getLogger("services.intake").info("heard another")
    first, second = lines(written)
    assert first["correlation_id"] == "story-1"
    assert "correlation_id" not in second


def test_fields_that_are_not_on_the_list_stay_out(written: io.StringIO) -> None:
    logging.getLogger("shared.x").warning("odd", extra={"e_mail": SECRET, "reason": "away", "place": [SECRET]})
    (line,) = lines(written)
    assert line["reason"] == "away"
    assert line["place"] == "list"
    assert SECRET not in written.getvalue()


def test_the_text_of_others_errors_stays_out_but_their_place_is_told(written: io.StringIO) -> None:
    logging.getLogger("shared.x").error("a bug", exc_info=failed(ValueError(SECRET)))
    (line,) = lines(written)
    assert SECRET not in written.getvalue()
    assert line["error"]["type"] == "ValueError"
    assert line["error"]["places"][0].startswith(f"{__name__}:failed:")
    assert re.fullmatch(r"[0-9a-f]{16}", line["error"]["hash"])


def test_our_own_errors_are_told_in_full(written: io.StringIO) -> None:
    logging.getLogger("shared.x").error("waits", exc_info=failed(NotYet("1460-c-1")))
    (line,) = lines(written)
    assert line["error"]["text"] == "waits for 1460-c-1"


def test_the_hash_of_a_bug_is_the_same_whatever_its_text() -> None:
    one, other = (failed(ValueError(text)) for text in ("a", "b"))
    assert logs.trace_of(one).hash == logs.trace_of(other).hash
    assert logs.trace_of(one).hash != logs.trace_of(failed(KeyError("a"))).hash
    assert logs.trace_of(ValueError("never raised")).places == ()


def test_libraries_are_heard_when_they_warn_and_only_their_first_line(written: io.StringIO) -> None:
    logging.getLogger("aiokafka.consumer").info("chatter")
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: <%s>", SECRET)
    assert [line["message"] for line in lines(written)] == ["Task exception was never retrieved"]


def test_uvicorn_goes_through_us_and_its_access_log_is_silent(written: io.StringIO) -> None:
    uvicorn = logging.getLogger("uvicorn")
    uvicorn.addHandler(logging.StreamHandler(io.StringIO()))
    uvicorn.propagate = False
    logs.configure("intake", "info", written)
    logging.getLogger("uvicorn.error").info("started")
    logging.getLogger("uvicorn.access").info('%s - "%s %s"', "1.2.3.4", "GET", f"/x?mail={SECRET}")
    assert [line["message"] for line in lines(written)] == ["started"]


def test_without_a_stream_lines_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("notify")
    logging.getLogger("shared.x").info("here")
    assert json.loads(capsys.readouterr().err)["service"] == "notify"


def test_wrong_arguments_do_not_stop_the_program(written: io.StringIO) -> None:
    logging.getLogger("shared.x").info("count %d", "many")
    assert lines(written)[0]["message"] == "count %d"


scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.just(10**5000), st.floats(), st.text(), st.binary())


@given(st.text(), scalars)
def test_anything_makes_one_line_of_json(message: str, value: object) -> None:
    record = logging.makeLogRecord({"name": "shared.x", "msg": message, "reason": value, "other": value})
    line = logs.JsonLines("intake").format(record)
    assert "\n" not in line
    parsed = json.loads(line, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
    assert "other" not in parsed
