"""A service's HTTP doors put together: the same prefix, errors, tokens, health and documents for all."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Header
from fastapi.telemetry import TelemetryConfig
from pydantic import BaseModel
from starlette.types import Lifespan

from shared.platform.metrics import Metrics
from shared.platform.traces import UNTRACED, Traces
from shared.platform.web import wording
from shared.platform.web.doorway import Doorway
from shared.platform.web.errors import MEDIA_TYPE, Problem, Wrong, answer_errors
from shared.platform.web.health import Progress, health_router
from shared.platform.web.who import Guard

REF = "#/components/schemas/"
ALWAYS = (500, 503)
WITH_TOKEN = (401, 403, 404, 409)
WITH_BODY = (400, 413, 415)
FRAMEWORKS_OWN = "Validation Error"
OURS_ONLY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[!-~]{1,200}$",
        description="1-200 visible ASCII characters, new for each thing wanted: the same again is done once.",
        examples=["5f0c1c2e-3b7e-4b8e-9d57-0d7a8d1f6a11"],
    ),
]


@dataclass(frozen=True, slots=True)
class Release:
    """What `api-info` tells (the Swedish national REST profile)."""

    version: str
    released: date
    status: Literal["alpha", "beta", "active", "deprecated"] = "active"

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version as numbers, so that releases can be put in their order."""
        return tuple(map(int, self.version.split(".")))


class ApiInfo(BaseModel):
    """The description that the Swedish national REST profile asks every API for."""

    apiName: str  # noqa: N815 - the profile's own names
    apiVersion: str  # noqa: N815
    apiReleased: date  # noqa: N815
    apiDocumentation: str  # noqa: N815
    apiStatus: str  # noqa: N815


def create_doors(
    service: str,
    routers: Sequence[APIRouter],
    *,
    release: Release,
    guard: Guard,
    metrics: Metrics,
    progress: Progress,
    lifespan: Lifespan[FastAPI] | None = None,
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    traces: Traces = UNTRACED,
) -> FastAPI:
    """The whole app of a service: its routers stand under `/<service>/v1`, health and documents beside.

    A router's doors begin with `/{municipality}` and ask `allowed(...)` who comes. What doors need of the service (its
    unit of work, its clock) belongs in closures of the routers, or in `app.state`.
    """
    app = FastAPI(
        title=f"Kommunkontakt: {service}",
        version=release.version,
        description="\n\n".join(wording.ABOUT.both()),
        contact={"name": "Kommunen som driver tjänsten / the municipality that runs it"},
        license_info={"name": "MIT", "identifier": "MIT"},
        lifespan=lifespan,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=OURS_ONLY,
        swagger_ui_oauth2_redirect_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.guard = guard
    app.add_middleware(Doorway, metrics=metrics, new_id=new_id, traces=traces)
    answer_errors(app)
    app.include_router(health_router(progress, metrics))
    app.include_router(_about(service, release), prefix=f"/{service}/v1")
    for router in routers:
        app.include_router(router, prefix=f"/{service}/v1")
    _document_problems(app)
    return app


def _about(service: str, release: Release) -> APIRouter:
    router = APIRouter(tags=["about"])

    @router.get("/api-info")
    async def api_info() -> ApiInfo:
        """What this API is called, its version and where it is described."""
        return ApiInfo(
            apiName=f"kommunkontakt-{service}",
            apiVersion=release.version,
            apiReleased=release.released,
            apiDocumentation="/docs",
            apiStatus=release.status,
        )

    return router


def _document_problems(app: FastAPI) -> None:
    """Let the OpenAPI document tell of each door which problems it may answer with."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        document = plain()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        if "Problem" not in schemas:
            for gone in ("HTTPValidationError", "ValidationError"):
                schemas.pop(gone, None)
            schemas["Problem"] = Problem.model_json_schema(ref_template=REF + "{model}")
            schemas["Wrong"] = schemas["Problem"].pop("$defs")[Wrong.__name__]
            for operation in (inner for path in document["paths"].values() for inner in path.values()):
                _add_problems(operation)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _add_problems(operation: dict[str, Any]) -> None:
    statuses = [*ALWAYS]
    statuses += WITH_TOKEN if operation.get("security") else ()
    statuses += WITH_BODY if "requestBody" in operation else ()
    responses: dict[str, Any] = operation["responses"]
    if "422" in responses or "requestBody" in operation:
        statuses.append(422)
    if responses.get("422", {}).get("description") == FRAMEWORKS_OWN:
        del responses["422"]
    for status in sorted(statuses):
        responses.setdefault(str(status), described(status))


def described(status: int) -> dict[str, Any]:
    """What the OpenAPI document tells of an answer that is a problem."""
    content = {MEDIA_TYPE: {"schema": {"$ref": REF + Problem.__name__}}}
    described: dict[str, Any] = {"description": wording.TITLES[status].en, "content": content}
    if status in (429, 503):
        described["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return described
