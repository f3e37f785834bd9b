"""intake's doors on a real socket and the fake database, for a browser; its clock hurries."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import uvicorn

from services.intake.app import create_app
from services.intake.settings import PublicForm, Settings
from shared.platform.memory import MemoryDatabase
from shared.platform.settings import PlatformSettings
from shared.platform.token import make_key
from stack.places import free_port
from tests.intake.settled import AT
from tests.waiting import until_sync

FORM = PublicForm(
    municipality="1460",
    name="Bengtsfors kommun",
    e_mail="kommun@kommun.example",
    phone="0531-52 60 00",
    data_protection="dataskydd@kommun.example",
)


class Hurrying:
    """A clock on which whoever fills in a form has always taken their time."""

    def __init__(self) -> None:
        self._at = AT

    def now(self) -> datetime:
        self._at += timedelta(seconds=5)
        return self._at


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of the doors."""
    key, port, clock = folder / "jwt.pem", free_port(), Hurrying()
    make_key(key)
    platform = PlatformSettings(environment="development", jwt_key_file=key)
    settings = Settings(platform=platform, forms=(FORM,), forms_an_hour=1_000)
    app = create_app(settings, MemoryDatabase(), clock, clock)
    server = uvicorn.Server(uvicorn.Config(app, port=port, lifespan="off", log_config=None))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    try:
        until_sync("the doors are open", lambda: server.started)
        yield f"http://127.0.0.1:{port}/intake/v1/1460/form"
    finally:
        server.should_exit = True
        thread.join()
