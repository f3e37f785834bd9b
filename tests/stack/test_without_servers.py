"""What the stack decides before anything runs: sentences, secrets, settings, hashes, and the tray of mails."""

import json
import stat
from pathlib import Path

import pytest

from stack import downloads, java
from stack.environment import Ports, choose_ports, read_run_environment, service_environment, write_run_environment
from stack.given_servers import insist_on_answers
from stack.mail_tray import Tray
from stack.mongo import complaint
from stack.places import LOCKS, ROOT, forget, free_port, insist_on_platform
from stack.problem import Problem
from stack.together import together


def test_a_missing_library_is_named_with_its_package() -> None:
    told = "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file"
    assert complaint(told) == (
        "mongod needs the library libcurl.so.4: install the system's package libcurl4 for it, or give MONGO_URL."
    )
    assert "MONGO_URL" in complaint("")


def test_another_platform_is_told_to_use_compose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    with pytest.raises(Problem, match="docker compose up"):
        insist_on_platform()


@pytest.mark.parametrize("name", ["KAFKA_URL", "MONGO_URL", "SMTP_URL"])
def test_an_address_where_nobody_answers_is_told_by_its_variable(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stack.given_servers.SECONDS", 0.2)
    address = f"user:hush@127.0.0.1:{free_port()}"
    addresses = {"KAFKA_URL": address.rpartition("@")[2], "MONGO_URL": f"mongodb://{address}/"}
    monkeypatch.setenv(name, addresses.get(name, f"smtp://{address}"))
    with pytest.raises(Problem, match=name) as refusal:
        insist_on_answers()
    assert "hush" not in str(refusal.value)


@pytest.mark.parametrize("port", ["x", "0", "70000", "-1", "１"])
def test_a_wrong_port_is_told_by_its_variable(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTING_PORT", port)
    with pytest.raises(Problem, match="ROUTING_PORT"):
        choose_ports(None)


@pytest.mark.parametrize("first", [-1, 80, 65_528, 99_999])
def test_a_first_port_that_leaves_no_room_is_refused(first: int) -> None:
    with pytest.raises(Problem, match="--ports-from"):
        choose_ports(first)


def test_ports_are_the_usual_ones_in_a_row_or_free(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_ports(None) == Ports()
    assert choose_ports(20_000) == Ports(*range(20_000, 20_009))
    assert choose_ports(0).kafka != 9092


def test_secrets_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    first = service_environment("k:1", "mongodb://m/", "smtp://s:1", Ports(), tmp_path)
    again = service_environment("k:1", "mongodb://m/", "smtp://s:1", Ports(), tmp_path)
    assert first == again
    assert len(first["KOMMUNKONTAKT_SECRET_KEY"]) >= 32
    assert first["KOMMUNKONTAKT_SECRET_KEY"] != first["KOMMUNKONTAKT_PARTY_SECRET"]
    key = Path(first["KOMMUNKONTAKT_JWT_KEY_FILE"])
    assert key.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_publishers_are_told_and_our_own_settings_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOMMUNKONTAKT_CLOCK", "system")
    told = service_environment("k:1", "mongodb://m/", "smtp://s:1", Ports(), tmp_path)
    assert told["KOMMUNKONTAKT_CLOCK"] == "system"
    assert [publisher["name"] for publisher in json.loads(told["KOMMUNKONTAKT_PUBLISHERS"])] == [
        "e-services",
        "business-register",
        "finance",
        "staff",
    ]
    write_run_environment(told, tmp_path)
    assert read_run_environment(tmp_path) == told


def test_the_demo_before_a_run_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="make run"):
        read_run_environment(tmp_path)


def test_a_wrong_choice_of_java_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACK_JAVA", "coffee")
    with pytest.raises(Problem, match="wheel or system"):
        java.find_java()


def test_a_machine_without_java_is_told_so_when_it_must_have_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STACK_JAVA", "system")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Problem, match="no java of version 17"):
        java.find_java()


def test_a_file_with_another_hash_is_refused(tmp_path: Path) -> None:
    folder, lock = tmp_path / "jars", tmp_path / "kafka.lock"
    folder.mkdir()
    (folder / "a.jar").write_bytes(b"what was promised")
    downloads.write_hashes(folder, lock, "promised")
    downloads.check_hashes(folder, lock)
    (folder / "a.jar").write_bytes(b"something else")
    with pytest.raises(Problem, match=r"a\.jar is not the file"):
        downloads.check_hashes(folder, lock)
    (folder / "a.jar").unlink()
    with pytest.raises(Problem, match=r"a\.jar is not the file"):
        downloads.check_hashes(folder, lock)


def test_half_a_download_is_never_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACK_DOWNLOADS", str(tmp_path))

    def fail(into: Path) -> None:
        (into / "half").touch()
        raise Problem("cut off")

    with pytest.raises(Problem, match="cut off"):
        downloads.once("thing", fail)
    assert downloads.once("thing", lambda into: (into / "whole").touch()) == tmp_path / "thing"
    assert [file.name for file in (tmp_path / "thing").iterdir()] == ["whole"]
    assert downloads.once("thing", fail).exists()


def test_no_lock_names_an_address() -> None:
    locks = [*LOCKS.iterdir(), *ROOT.glob("*.lock"), ROOT / "Makefile"]
    assert not [lock.name for lock in locks if "://" in lock.read_text()]


def test_a_tray_reads_back_what_came_whatever_it_was(tmp_path: Path) -> None:
    file = tmp_path / "mails.jsonl"
    tray = Tray(file)
    for content in (b"", b"\xff\xfe\r\nTo: <<>>,;\r\n\r\n\x00", b"Subject: =?x?q?\r\nFrom: \xe5\r\n\r\nx"):
        tray.add("a@example.se", ["b@example.se"], content)
    with file.open("a") as opened:
        opened.write('{"half": ')
    again = Tray(file)
    assert [mail.whole() for mail in again.page(0, 9)] == [mail.whole() for mail in tray.page(0, 9)]
    assert again.page(0, 1)[0].summary()["To"] == [{"Name": "", "Address": "b@example.se"}]
    again.add("a@example.se", ["c@example.se"], b"after half a line")
    assert len(Tray(file)) == 4


def test_forgetting_removes_what_was_kept(tmp_path: Path) -> None:
    data = tmp_path / "data"
    forget(data)
    (data / "kafka").mkdir(parents=True)
    forget(data)
    assert list(data.iterdir()) == []


def test_the_first_error_of_several_works_is_raised() -> None:
    def fail() -> None:
        raise Problem("away")

    done: list[int] = []
    together([lambda: done.append(1), lambda: done.append(2)])
    assert sorted(done) == [1, 2]
    with pytest.raises(Problem, match="away"):
        together([lambda: None, fail])
