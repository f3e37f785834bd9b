"""The reception on real servers: answered at once, handed over by name, and alarmed before a promise breaks."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.platform.clock import SystemClock
from shared.platform.token import make_token
from stack.demo_client import Doors, Publisher, Tray
from stack.instances import install
from stack.testing import Servers, start_servers
from tests.waiting import until_sync

pytestmark = pytest.mark.servers

SERVICES = ("intake", "routing", "notify")
COORDINATOR = "berg@kommun.example"
CALL = {"channel": "phone", "wish": "Vi vill ha uteservering i sommar, vem pratar jag med?"}


class Town:
    """A receptionist's doors, the staff system, and the tray where mails lie."""

    def __init__(self, servers: Servers, ports: Mapping[str, int]) -> None:
        self._doors, self._ports, self._tray = Doors(dict(ports)), ports, Tray(servers.mail_url)
        self._staff = Publisher(servers.kafka_url, "staff", "reception")

    def officer(self, name: str, *case_types: str, **members: Any) -> None:
        told = {"reference": name, "officer_id": name, "name": name.title(), "e_mail": f"{name}@kommun.example"}
        self._staff.publish("officer-changed", name, {**told, "case_types": case_types, **members}, name)
        self._staff.flush()

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = self._doors.call("receptionist", "POST", "intake", path, body)
        return told

    def get(self, path: str) -> dict[str, Any]:
        told: dict[str, Any] = self._doors.call("receptionist", "GET", "intake", path)
        return told

    def as_officer(self, who: str, method: str, service: str, path: str, **sent: Any) -> httpx.Response:
        key = Path(os.environ["KOMMUNKONTAKT_JWT_KEY_FILE"])
        token = make_token(key, "kommunkontakt", who, ["officer"], ["1460"], timedelta(hours=1), SystemClock())
        headers = {"Authorization": f"Bearer {token}", **sent.pop("headers", {})}
        address = f"http://127.0.0.1:{self._ports[service]}/{service}/v1/1460/{path}"
        return httpx.request(method, address, headers=headers, **sent)

    def reads(self, contact_id: str) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = self._doors.call("registrar", "GET", "intake", f"reads?of={contact_id}")["items"]
        return told

    def days_pass(self, days: int) -> datetime:
        told = self._doors.call("operator", "POST", "intake", "development/clock", {"days": days})
        return datetime.fromisoformat(told["now"])

    def knows_officers(self, count: int) -> bool:
        return self._doors.counted("notify", "heard") >= count

    def listed(self, which: str) -> list[str]:
        return [one["contact_id"] for one in self.get(f"reception?list={which}")["items"]]

    def mailed_to_coordinator(self) -> list[dict[str, Any]]:
        newest = self._tray.newest(self._tray.total())
        return [dict(mail) for mail in newest if mail["To"][0]["Address"] == COORDINATOR]

    def messages_about(self, contact_id: str) -> list[str]:
        found = self._doors.call("coordinator", "GET", "notify", f"messages?about_id={contact_id}")
        return [one["state"] for one in found["items"]]


@contextmanager
def town(where: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    with start_servers(where / "servers") as servers, install(servers, where, ["a"], services=SERVICES) as whole:
        for name, value in whole.environment.items():
            monkeypatch.setenv(name, value)
        yield Town(servers, {service: whole.port(service) for service in SERVICES})


def test_nobody_is_bounced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with town(tmp_path, monkeypatch) as place:
        now = place.days_pass(0)
        place.officer("lind", "serv_stad", phone="0531-526000")
        place.officer("berg", coordinator=True)
        until_sync("both officers are known", lambda: place.knows_officers(2))

        answered = place.post("contacts", CALL)["contact_id"]
        told = place.post(f"contacts/{answered}/answer", {"case_type": "serv_tillf"})
        assert (told["state"], told["answered"]["card"]) == ("answered", "serv_tillf v1")

        call = place.post("contacts", CALL)["contact_id"]
        assert place.listed("waiting") == [call]
        promise = {"function": "Alkoholhandläggare", "promised_at": (now + timedelta(days=1)).isoformat()}
        place.post(f"contacts/{call}/hand-over", {**promise, "case_types": ["serv_stad"], "said": "Har ritning."})
        taken = place.get(f"contacts/{call}?wait=8")
        assert (taken["state"], taken["promised"]["by"]) == ("taken", "Alkoholhandläggare")
        assert [(one["name"], one["phone"]) for one in taken["held"]] == [("Lind", "0531-526000")]

        matter_id = taken["held"][0]["matter_id"]
        granted = place.as_officer("lind", "POST", "routing", f"matters/{matter_id}/grants", json={}).json()
        read = place.as_officer("lind", "GET", "intake", f"contacts/{call}", headers={"Grant": granted["grant"]})
        assert (read.status_code, read.json()["wish"]) == (200, CALL["wish"])
        assert place.as_officer("lind", "GET", "intake", f"contacts/{call}").status_code == 403
        assert place.as_officer("berg", "POST", "routing", f"matters/{matter_id}/grants", json={}).status_code == 403
        assert ("lind", matter_id) in {(one["by"], one["matter_id"]) for one in place.reads(call)}

        promised = {"by": "Bygglovshandläggare", "at": (now + timedelta(days=3, hours=12)).isoformat()}
        late = place.post("contacts", {**CALL, "case_types": ["bygglov"], "promised": promised})["contact_id"]
        until_sync("the matter waits", lambda: len(place.get(f"contacts/{late}")["held"]) == 1)
        assert place.mailed_to_coordinator() == []
        place.days_pass(3)
        until_sync("the coordinator has a mail", lambda: place.messages_about(late) == ["handed-over"])
        [mail] = place.mailed_to_coordinator()
        assert mail["Subject"] == f"Löftet om svar håller på att brytas: {place.get(f'contacts/{late}')['number']}"
        assert (place.listed("at-risk"), place.listed("waiting")) == ([late], [late])

        place.officer("ek", "bygglov")
        until_sync("the new officer is known", lambda: place.knows_officers(5))
        place.days_pass(1)
        until_sync("somebody has it", lambda: place.get(f"contacts/{late}")["state"] == "taken")
        assert place.listed("waiting") == []
