"""The doors put together: health, documents, correlation, metrics and log lines."""

import asyncio
import logging
from typing import Any

import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, generate_latest

from shared.platform.logs import correlation_id, traceparent
from shared.platform.metrics import Metrics
from shared.platform.web.doorway import Doorway
from tests.platform.example_doors import SECRET, Parts, bearer, example, knock

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_health_needs_no_token() -> None:
    parts = Parts()
    async with knock(example(parts)) as client:
        assert (await client.get("/alive")).json() == {"alive": True}
        assert (await client.get("/ready")).status_code == 200
        parts.told["relay"] = "has published nothing for 40 s"
        response = await client.get("/ready")
        assert "kommunkontakt_ready 0.0" in (await client.get("/metrics")).text
        parts.told["relay"] = None
        assert "kommunkontakt_ready 1.0" in (await client.get("/metrics")).text
    assert response.status_code == 503
    assert response.json() == {"ready": False, "parts": {"routing": None, "relay": "has published nothing for 40 s"}}


async def test_metrics_count_doors_and_not_addresses() -> None:
    async with knock(example()) as client:
        await client.get("/example/v1/1460/numbers", headers=bearer())
        await client.get(f"/{SECRET}")
        await client.request("BREW", "/alive")
        response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    assert 'http_requests_total{door="numbers",method="GET",status="200"} 1.0' in response.text
    assert 'http_requests_total{door="none",method="GET",status="404"} 1.0' in response.text
    assert 'method="other",status="405"} 1.0' in response.text
    assert SECRET not in response.text


async def test_the_api_tells_what_it_is() -> None:
    async with knock(example()) as client:
        told = (await client.get("/example/v1/api-info")).json()
    assert told == {
        "apiName": "kommunkontakt-example",
        "apiVersion": "1.0.0",
        "apiReleased": "2026-03-01",
        "apiDocumentation": "/docs",
        "apiStatus": "active",
    }


async def test_the_document_tells_its_limits_in_both_languages_with_contact_and_licence() -> None:
    async with knock(example()) as client:
        told = (await client.get("/openapi.json")).json()["info"]
    assert told["license"] == {"name": "MIT", "identifier": "MIT"}
    assert told["contact"]["name"]
    for words in ("högst 100", "at most 100", "Retry-After", "RFC 9457"):
        assert words in told["description"], words


async def test_documents_are_open_and_tell_of_every_problem() -> None:
    async with knock(example()) as client:
        assert (await client.get("/docs")).status_code == 200
        document = (await client.get("/openapi.json")).json()
        assert (await client.get("/openapi.json")).json() == document
    call = document["paths"]["/example/v1/{municipality}/calls"]["post"]
    assert set(call["responses"]) == {"201", "400", "401", "403", "404", "409", "413", "415", "422", "500", "503"}
    assert call["security"] == [{"bearer": []}]
    assert set(document["paths"]["/alive"]["get"]["responses"]) == {"200", "500", "503"}
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    schemas = document["components"]["schemas"]
    assert {"Problem", "Wrong"} <= set(schemas)
    assert "HTTPValidationError" not in schemas
    assert schemas["Problem"]["properties"]["errors"]["items"] == {"$ref": "#/components/schemas/Wrong"}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    described = {key: value for key, value in call["responses"].items() if key != "201"}
    assert all(response["content"] == problem for response in described.values())


async def test_an_idempotency_key_is_optional_and_short() -> None:
    async with knock(example()) as client:
        path, call = "/example/v1/1460/calls", {"wish": "x"}
        with_key = await client.post(path, json=call, headers=bearer() | {"Idempotency-Key": "k" * 200})
        without = await client.post(path, json=call, headers=bearer())
        too_long = await client.post(path, json=call, headers=bearer() | {"Idempotency-Key": "k" * 201})
    assert with_key.json() == {"id": "1460-c-1", "by": "o-1@1460", "key": "k" * 200}
    assert without.json()["key"] is None
    assert too_long.status_code == 422


@pytest.mark.parametrize(
    ("headers", "story"),
    [
        ({}, "new-id"),
        ({"X-Correlation-Id": "1460-c-1/1/1"}, "1460-c-1/1/1"),
        ({"X-Correlation-Id": "two words"}, "new-id"),
        ({"X-Correlation-Id": "x" * 129}, "new-id"),
        ({"traceparent": TRACE}, "0af7651916cd43dd8448eb211c80319c"),
        ({"traceparent": TRACE, "X-Correlation-Id": "mine"}, "mine"),
        ({"traceparent": TRACE.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32)}, "new-id"),
        ({"traceparent": "ff" + TRACE[2:]}, "new-id"),
        ({"traceparent": "junk"}, "new-id"),
    ],
)
async def test_a_request_belongs_to_a_story(headers: dict[str, str], story: str) -> None:
    async with knock(example()) as client:
        assert (await client.get("/alive", headers=headers)).headers["x-correlation-id"] == story
    assert correlation_id.get() is None


async def test_a_door_can_say_whose_story_it_is() -> None:
    app = example()
    seen: list[tuple[str | None, str | None]] = []

    @app.get("/look")
    async def look() -> None:
        seen.append((correlation_id.get(), traceparent.get()))

    async with knock(app) as client:
        await asyncio.gather(
            client.get("/look", headers={"X-Correlation-Id": "one", "traceparent": TRACE}),
            client.get("/look", headers={"X-Correlation-Id": "two"}),
        )
    assert sorted(seen, key=str) == [("one", TRACE), ("two", None)]


async def test_the_log_has_a_line_for_each_request_and_no_address(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "shared"):
        async with knock(example()) as client:
            await client.get(f"/alive?mail={SECRET}")
            await client.get(f"/{SECRET}")
    lines = [vars(record) for record in caplog.records if record.message == "answered"]
    assert [(line["door"], line["method"], line["status"]) for line in lines] == [
        ("alive", "GET", 200),
        ("none", "GET", 404),
    ]
    assert all(line["milliseconds"] >= 0 for line in lines)
    assert SECRET not in str(lines)


async def test_other_traffic_than_http_passes_untouched() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    doorway = Doorway(app, Metrics(CollectorRegistry()), lambda: "id")
    await doorway({"type": "lifespan"}, None, None)  # type: ignore[arg-type]
    assert seen == ["lifespan"]


async def test_a_request_that_nobody_waits_for_is_counted_as_such() -> None:
    metrics = Metrics(CollectorRegistry())

    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise asyncio.CancelledError

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    with pytest.raises(asyncio.CancelledError):
        await Doorway(app, metrics, lambda: "id")(scope, None, None)  # type: ignore[arg-type]
    assert b'status="499"} 1.0' in generate_latest(metrics.registry)


async def test_new_ids_are_made_when_nobody_passes_them() -> None:
    from datetime import date

    from shared.platform.web.doors import Release, create_doors

    made: FastAPI = create_doors(
        "example",
        [],
        release=Release("1.0.0", date(2026, 3, 1)),
        guard=example().state.guard,
        metrics=Metrics(CollectorRegistry()),
        progress=dict,
    )
    async with knock(made) as client:
        ids = {(await client.get("/alive")).headers["x-correlation-id"] for _ in range(3)}
    assert len(ids) == 3
