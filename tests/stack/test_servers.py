"""Real Kafka, MongoDB and mail: each starts, does its work, and comes back with what it kept."""

import os
import select
import smtplib
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from pymongo import MongoClient

from stack.kafka import answers
from stack.mail import Mail
from stack.mongo import Mongo
from stack.places import ROOT
from stack.testing import start_servers

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("java", ["wheel", "system"])
def test_kafka_runs_on_the_java_of_the_wheel_and_of_the_system(
    java: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STACK_JAVA", java)
    with start_servers(tmp_path, mongo=False, mail=False) as servers:
        make_topic(servers.kafka_url)
        say(servers.kafka_url, b"one")
        assert heard(servers.kafka_url, 1) == [b"one"]


def test_kafka_keeps_what_was_said_through_a_kill_on_the_same_port(tmp_path: Path) -> None:
    with start_servers(tmp_path, mongo=False, mail=False) as servers:
        make_topic(servers.kafka_url)
        say(servers.kafka_url, b"before")
        servers.kafka.kill()
        assert not answers(servers.kafka.port)
        servers.kafka.start()
        say(servers.kafka_url, b"after")
        assert heard(servers.kafka_url, 2) == [b"before", b"after"]


def test_a_frozen_kafka_is_silent_until_it_goes_on(tmp_path: Path) -> None:
    with start_servers(tmp_path, mongo=False, mail=False) as servers:
        servers.kafka.pause()
        assert not answers(servers.kafka.port)
        servers.kafka.resume()
        assert answers(servers.kafka.port)


def test_kafka_makes_no_topic_by_itself(tmp_path: Path) -> None:
    with start_servers(tmp_path, mongo=False, mail=False) as servers:
        told = Producer({"bootstrap.servers": servers.kafka_url, "message.timeout.ms": 3000})
        errors: list[object] = []
        told.produce("nobody.made.this", b"x", on_delivery=lambda error, _: errors.append(error))
        told.flush(10)
        assert errors
        assert errors[0] is not None


def test_mongodb_takes_a_transaction_and_keeps_it_through_kill_and_restart(tmp_path: Path) -> None:
    with start_servers(tmp_path, kafka=False, mail=False) as servers:
        insert_in_transaction(servers.mongo_url)
        servers.mongo.kill()
        servers.mongo.start()
        insert_in_transaction(servers.mongo_url)
        servers.mongo.restart()
        with MongoClient[dict[str, Any]](servers.mongo_url) as client:
            assert client.test.things.count_documents({}) == 2


def test_mongodb_moves_to_another_port_with_its_documents(tmp_path: Path) -> None:
    mongo = Mongo(tmp_path)
    try:
        mongo.start()
        insert_in_transaction(mongo.url)
        assert mongo.stop()
        mongo = Mongo(tmp_path)
        mongo.start()
        insert_in_transaction(mongo.url)
    finally:
        mongo.kill()


def test_mongodb_ends_a_forgotten_transaction_after_three_seconds(tmp_path: Path) -> None:
    with start_servers(tmp_path, kafka=False, mail=False) as servers, MongoClient[Any](servers.mongo_url) as client:
        told = client.admin.command({"getParameter": 1, "transactionLifetimeLimitSeconds": 1})
        assert told["transactionLifetimeLimitSeconds"] == 3


def test_the_mail_sink_counts_every_delivery_and_remembers_after_a_kill(tmp_path: Path) -> None:
    with start_servers(tmp_path, kafka=False, mongo=False) as servers:
        hand_over(servers.mail, "Hej på dig", times=2)
        hand_over(servers.mail, "En gång till", times=1)
        servers.mail.kill()
        servers.mail.start()
        told = httpx.get(f"{servers.mail_url}/api/v1/messages", params={"limit": 2}).json()
        assert (told["total"], len(told["messages"])) == (3, 2)
        newest = told["messages"][0]
        assert newest["Subject"] == "En gång till"
        assert newest["To"] == [{"Name": "Åsa Öst", "Address": "asa@example.se"}]
        assert newest["MessageID"] == "1@example.se"
        older = httpx.get(f"{servers.mail_url}/api/v1/messages", params={"start": 2}).json()["messages"]
        assert [mail["Subject"] for mail in older] == ["Hej på dig"]
        whole = httpx.get(f"{servers.mail_url}/api/v1/message/{newest['ID']}").json()
        assert whole["Text"].split() == ["Hallå,", "igen."]


def test_the_mail_sink_forgets_when_told_to(tmp_path: Path) -> None:
    with start_servers(tmp_path, kafka=False, mongo=False) as servers:
        hand_over(servers.mail, "Hej", times=1)
        httpx.delete(f"{servers.mail_url}/api/v1/messages").raise_for_status()
        assert httpx.get(f"{servers.mail_url}/api/v1/messages").json()["total"] == 0
        assert httpx.get(f"{servers.mail_url}/api/v1/message/none").status_code == 404


def test_the_mail_sink_refuses_recipients_while_it_is_told_to(tmp_path: Path) -> None:
    with start_servers(tmp_path, kafka=False, mongo=False) as servers:
        servers.mail.refuse(452)
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            hand_over(servers.mail, "Full", times=1)
        assert {code for code, _ in refused.value.recipients.values()} == {452}
        servers.mail.refuse(0)
        hand_over(servers.mail, "Tom", times=1)
        assert httpx.get(f"{servers.mail_url}/api/v1/messages").json()["total"] == 1


def test_servers_end_when_the_process_that_started_them_is_killed(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, signal, sys; from stack.testing import start_servers\n"
        "servers = start_servers(pathlib.Path(sys.argv[1]), kafka=False)\n"
        "print(servers.mongo.process.pid, servers.mail.process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 2
    assert all(ends(pid) for pid in pids)


def ends(pid: int) -> bool:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 10)[0])
    finally:
        os.close(handle)


def make_topic(url: str) -> None:
    admin = AdminClient({"bootstrap.servers": url})
    for made in admin.create_topics([NewTopic("told", 1, 1)]).values():
        made.result(20)


def say(url: str, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": url, "acks": "all"})
    producer.produce("told", value)
    assert producer.flush(20) == 0


def heard(url: str, count: int) -> list[bytes]:
    consumer = Consumer({"bootstrap.servers": url, "group.id": "test", "auto.offset.reset": "earliest"})
    consumer.subscribe(["told"])
    try:
        return [message.value() or b"" for message in consumer.consume(count, timeout=20)]
    except KafkaException as error:
        raise AssertionError(str(error)) from error
    finally:
        consumer.close()


def insert_in_transaction(url: str) -> None:
    with MongoClient[dict[str, Any]](url) as client, client.start_session() as session, session.start_transaction():
        client.test.things.insert_one({}, session=session)


def hand_over(mail: Mail, subject: str, times: int) -> None:
    text = (
        f"From: a@example.se\r\nTo: Åsa Öst <asa@example.se>\r\nSubject: {subject}\r\n"
        "Message-ID: <1@example.se>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHallå,\r\nigen.\r\n"
    )
    with smtplib.SMTP("127.0.0.1", mail.smtp_port) as line:
        for _ in range(times):
            line.sendmail("a@example.se", ["asa@example.se"], text.encode(), mail_options=["SMTPUTF8", "BODY=8BITMIME"])
