"""How the service fares: alive (the process answers), ready (the pipeline moves on), and what it counts."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Request, Response
from prometheus_client.exposition import choose_encoder
from pydantic import BaseModel, Field

from shared.platform.metrics import Metrics

Progress = Callable[[], Mapping[str, str | None]]


class Alive(BaseModel):
    """The process answers."""

    alive: bool = True


class Readiness(BaseModel):
    """Whether the service does its work; each part is null when fine, or a sentence on what it waits for."""

    ready: bool
    parts: Mapping[str, str | None] = Field(examples=[{"routing": None, "relay": "has published nothing for 40 s"}])


def health_router(progress: Progress, counted: Metrics) -> APIRouter:
    """The three doors that need no token; `progress` is asked at each call of /ready and must not wait for anything."""
    router = APIRouter(tags=["health"])

    @router.get("/alive")
    async def alive() -> Alive:
        """Answers as long as the process runs."""
        return Alive()

    @router.get("/ready", responses={503: {"model": Readiness, "description": "Something stands still."}})
    async def ready(response: Response) -> Readiness:
        """Tells whether the pipeline moves on: not a ping, but what each part did last."""
        parts = progress()
        readiness = Readiness(ready=not any(parts.values()), parts=parts)
        response.status_code = 200 if readiness.ready else 503
        return readiness

    @router.get("/metrics", response_class=Response)
    async def metrics(request: Request) -> Response:
        """Counters in the Prometheus format; docs/metrics.md lists them."""
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        counted.ready.set(not any(progress().values()))
        return Response(encode(counted.registry), headers={"Content-Type": content_type})

    return router
