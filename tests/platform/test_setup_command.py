"""The set-up's command: a key is made once and only in development; what is wrong is one sentence. And the probe."""

import os
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from unittest import mock

import jwt
import pytest
from typer.testing import CliRunner

from shared.platform import development, probe
from shared.platform.clock import SystemClock
from shared.platform.errors import WrongSetting
from shared.platform.settings import PlatformSettings
from shared.platform.setup import app
from shared.platform.token import make_token
from shared.platform.web.keys import verifying_key


@contextmanager
def environment(folder: Path, **more: str) -> Iterator[None]:
    told = {
        "KOMMUNKONTAKT_ENVIRONMENT": "development",
        "KOMMUNKONTAKT_SECRETS_DIR": str(folder),
        "KOMMUNKONTAKT_JWT_KEY_FILE": str(folder / "jwt.pem"),
        **more,
    }
    with mock.patch.dict(os.environ, told, clear=True):
        yield


def kept(folder: Path) -> Mapping[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_the_key_for_tokens_is_made_once_and_services_read_its_public_half_only(tmp_path: Path) -> None:
    private = tmp_path / "private.pem"
    with environment(tmp_path):
        development.make_token_key(PlatformSettings.load(), private)
        made = kept(tmp_path)
        development.make_token_key(PlatformSettings.load(), private)
    assert kept(tmp_path) == made
    assert sorted(made) == ["jwt.pem", "private.pem"]
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert b"PRIVATE" in made["private.pem"]
    assert b"PRIVATE" not in made["jwt.pem"]
    token = make_token(private, "kommunkontakt", "a", ["buyer"], ["1460"], timedelta(hours=1), SystemClock())
    key = verifying_key(tmp_path / "jwt.pem")
    assert jwt.decode(token, key.key, [key.algorithm], audience="kommunkontakt")["sub"] == "a"


def test_a_variable_wins_over_a_file_and_a_short_secret_is_told(tmp_path: Path) -> None:
    (tmp_path / "kommunkontakt_party_secret").write_text("kort")
    with environment(tmp_path), pytest.raises(WrongSetting, match=r"^KOMMUNKONTAKT_PARTY_SECRET .*32") as told:
        PlatformSettings.load()
    assert "kort" not in str(told.value)
    with environment(tmp_path, KOMMUNKONTAKT_PARTY_SECRET="v" * 32):
        assert PlatformSettings.load().party_secret == "v" * 32


def test_in_production_files_are_read_and_no_key_is_made(tmp_path: Path) -> None:
    (tmp_path / "kommunkontakt_secret_key").write_text("kommunkontakt" * 3 + "\n")
    with environment(tmp_path, KOMMUNKONTAKT_ENVIRONMENT="production"):
        settings = PlatformSettings.load()
        development.make_token_key(settings, tmp_path / "private.pem")
    assert settings.secret_key == "kommunkontakt" * 3
    assert sorted(kept(tmp_path)) == ["kommunkontakt_secret_key"]


def test_a_folder_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "kommunkontakt_secret_key").write_bytes(b"\xff" * 40)
    for folder in (tmp_path, tmp_path / "nowhere", Path(__file__)):
        with environment(folder), pytest.raises(WrongSetting, match=r"^KOMMUNKONTAKT_SECRETS_DIR must name a folder"):
            PlatformSettings.load()


@pytest.mark.parametrize(
    ("arguments", "more", "sentence"),
    [
        (("--token-key", "/dev/null/key"), {}, "names a place where no file can be made"),
        (("--users",), {"KOMMUNKONTAKT_ENVIRONMENT": "test"}, "KOMMUNKONTAKT_ENVIRONMENT"),
        (("--initiate-replica-set", "mongo:27017"), {}, "name/host:port"),
        (("--initiate-replica-set", "rs0/mongo; ls:1"), {}, "name/host:port"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], more: Mapping[str, str], sentence: str
) -> None:
    with environment(tmp_path, **more):
        result = CliRunner().invoke(app, list(arguments))
    assert (result.exit_code, result.output.count("\n")) == (2, 1), result.output
    assert sentence in result.output


class Answer(BaseHTTPRequestHandler):
    """Says whether it is ready, as the path's server was told."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b'{"ready":false,"parts":{"relay":"cannot publish"}}')

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def service(status: int) -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), type("Answer", (Answer,), {"status": status}))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield str(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def probed(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str | int | None:
    monkeypatch.setattr(sys, "argv", ["probe", *arguments])
    try:
        probe.main()
    except SystemExit as left:
        return left.code
    return 0


def test_the_probe_tells_what_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    with service(200) as port:
        assert probed(monkeypatch, port) == 0
    with service(503) as port:
        assert "cannot publish" in str(probed(monkeypatch, port))
    assert probed(monkeypatch, "9") == "nothing answers (URLError)"
    for wrong in ((), ("port",)):
        assert str(probed(monkeypatch, *wrong)).startswith("say at which port")
