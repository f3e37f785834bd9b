"""notify's doors and settings, without a server."""

import os
from datetime import timedelta
from pathlib import Path
from unittest import mock

import httpx
import pytest

from services.notify.app import create_app
from services.notify.settings import Settings
from shared.platform.clock import FixedClock, SystemClock
from shared.platform.errors import WrongSetting
from shared.platform.memory import MemoryDatabase
from shared.platform.settings import PlatformSettings
from shared.platform.token import make_key, make_token
from tests.notify.settled import AT, MATTER, OFFICER, Notify, assigned, officer, party

DEVELOPMENT = {"KOMMUNKONTAKT_ENVIRONMENT": "development"}
PRODUCTION = {
    "KOMMUNKONTAKT_SECRET_KEY": "s" * 32,
    "KOMMUNKONTAKT_MASTER_KEY": "m" * 32,
    "KOMMUNKONTAKT_JWKS_URL": "https://login.example.org/keys",
}


class Doors:
    """notify with three messages, and clients of different roles."""

    def __init__(self, notify: Notify, key: Path) -> None:
        self.notify = notify
        self._key = key
        platform = PlatformSettings(environment="development", jwt_key_file=key)
        clock = FixedClock(AT)
        self._app = create_app(Settings(platform=platform), notify.database, clock, clock)

    async def get(self, path: str, role: str = "operator", **query: str | int) -> httpx.Response:
        hour = timedelta(hours=1)
        token = make_token(self._key, "kommunkontakt", "anna", [role], ["1460", "1438"], hour, SystemClock())
        headers = {"Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://n/notify/v1", headers=headers) as client:
            return await client.get(path, params=query)


@pytest.fixture
async def doors(tmp_path: Path) -> Doors:
    key = tmp_path / "jwt.pem"
    make_key(key)
    notify = Notify(MemoryDatabase())
    await notify.hear(officer(), party(), assigned())
    notify.clock.advance(timedelta(seconds=1))
    await notify.hear(assigned("1460-m-2", party_id=None))
    return Doors(notify, key)


async def test_messages_are_listed_newest_first_in_pieces(doors: Doors) -> None:
    first = (await doors.get("/1460/messages", limit=2)).json()
    rest = (await doors.get("/1460/messages", limit=2, cursor=first["next"])).json()
    listed = [*first["items"], *rest["items"]]
    assert [one["about_id"] for one in listed] == ["1460-m-2", MATTER, MATTER]
    assert rest["next"] is None
    assert len({one["message_id"] for one in listed}) == 3


async def test_only_those_about_one_matter(doors: Doors) -> None:
    listed = (await doors.get("/1460/messages", about_id="1460-m-2")).json()["items"]
    assert [(one["about_id"], one["recipient_id"]) for one in listed] == [("1460-m-2", OFFICER)]


async def test_one_message_shows_its_ledger(doors: Doors) -> None:
    await doors.notify.look()
    message = (await doors.notify.messages())[0]
    shown = (await doors.get(f"/1460/messages/{message.message_id}", role="coordinator")).json()
    assert (shown["state"], shown["unknown_outcomes"]) == ("handed-over", 0)
    assert [(one["number"], one["outcome"], one["answer"]) for one in shown["attempts"]] == [(1, "taken", "250")]


async def test_neither_address_nor_name_nor_text_is_shown(doors: Doors) -> None:
    message = (await doors.notify.messages())[0]
    for path in ("/1460/messages", f"/1460/messages/{message.message_id}"):
        told = (await doors.get(path)).text
        for secret in ("@", "Karin", "Glass", "subject", "body"):
            assert secret not in told


async def test_another_towns_message_is_not_there(doors: Doors) -> None:
    message = (await doors.notify.messages())[0]
    assert (await doors.get(f"/1438/messages/{message.message_id}")).status_code == 404
    assert (await doors.get("/1460/messages/1460-n-nothing")).status_code == 404
    assert (await doors.get("/1438/messages")).json()["items"] == []
    assert (await doors.get("/1415/messages")).status_code == 403


async def test_only_operators_and_coordinators_may_ask(doors: Doors) -> None:
    assert (await doors.get("/1460/messages", role="receptionist")).status_code == 403
    assert (await doors.get("/1460/messages", role="coordinator")).status_code == 200


async def test_an_about_id_that_is_none_is_refused(doors: Doors) -> None:
    assert (await doors.get("/1460/messages", about_id="a\0b")).status_code == 422


def loaded(environment: dict[str, str]) -> Settings:
    with mock.patch.dict(os.environ, environment, clear=True):
        return Settings.load()


def test_in_development_a_sender_is_made_up_and_the_shared_mail_server_is_used() -> None:
    settings = loaded({**DEVELOPMENT, "SMTP_URL": "smtp://mail:25"})
    assert (settings.port, settings.database) == (8004, "notify")
    assert settings.sender == "kommunkontakt@kommun.example"
    assert settings.mail_server == "smtp://mail:25"


def test_notifys_own_mail_server_and_sender_win() -> None:
    own = {"NOTIFY_SMTP_URL": "smtps://anna:secret@mail.example", "NOTIFY_SENDER": "hej@kommun.example"}
    settings = loaded({**PRODUCTION, "SMTP_URL": "smtp://mail:25", **own})
    assert (settings.mail_server, settings.sender) == (own["NOTIFY_SMTP_URL"], own["NOTIFY_SENDER"])
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({}, "NOTIFY_SENDER must be set in production"),
        ({"NOTIFY_SENDER": "Kommunkontakt <a@b.example>"}, "NOTIFY_SENDER must be an e-mail address"),
        ({"NOTIFY_SENDER": "a@b.example", "NOTIFY_SMTP_URL": "mail:25"}, "NOTIFY_SMTP_URL must be an address"),
    ],
)
def test_a_wrong_setting_is_one_sentence(wrong: dict[str, str], named: str) -> None:
    with pytest.raises(WrongSetting) as refused:
        loaded({**PRODUCTION, **wrong})
    assert named in str(refused.value)


def test_a_wrong_platform_and_a_wrong_sender_are_told_together() -> None:
    with pytest.raises(WrongSetting, match="NOTIFY_SENDER"):
        loaded({"KOMMUNKONTAKT_LANES": "0", "NOTIFY_SENDER": "nobody"})
