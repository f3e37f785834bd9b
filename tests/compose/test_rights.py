"""Nobody gets further than it must: real clients at the real servers, each as its own user, and their refusals."""

import json
import os
import re
import subprocess
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.compose.project import ROOT, SERVICES, Project, docker
from tests.waiting import until_sync

NO_RIGHT, NO_LOGIN = 13, 18
"""MongoDB's Unauthorized and AuthenticationFailed."""
SEEN_BY = {
    "e-services": {"inbox.e-services.v1"},
    "staff": {"inbox.staff.v1"},
    "routing": {
        *("inbox.staff.v1", "intake.contacts.v1"),
        *("routing.matters.v1", "routing.officers.v1", "routing.rejections.v1", "routing.parked.v1"),
    },
}
KINDS = ("MONGO_PASSWORD", "KAFKA_PASSWORD", "SECRET_KEY")
AT_MONGO = """
import json, os, re, pymongo
def told(what):
    try:
        return what()
    except pymongo.errors.PyMongoError as refused:  # the code, or what the driver passes on of it
        return getattr(refused, "code", None) or int(re.search(r"'code': ([0-9]+)", str(refused))[1])
own = os.environ["KOMMUNKONTAKT_MONGO_URL"].replace("replicaSet=rs0", "directConnection=true")
nobody = "mongodb://" + own.partition("@")[2]
user, _, rest = own.partition("@")
wrong = user.rpartition(":")[0] + ":wrong@" + rest
for url in (own, nobody, wrong):
    client = pymongo.MongoClient(url, serverSelectionTimeoutMS=3_000)
    routing = client["routing"]
    print(json.dumps([
        told(lambda: sorted(client.list_database_names())),
        told(lambda: "contacts" in client["intake"].list_collection_names()),
        told(routing.list_collection_names),
        told(lambda: routing["matters"].find_one()),
        told(lambda: routing["matters"].insert_one({}).inserted_id),
        told(lambda: client.admin.command("createUser", "x", pwd="x", roles=["root"])),
    ]))
"""


def as_user(project: Project, user: str, password: str | None = None) -> dict[str, Any]:
    known = project.secrets[f"KAFKA_PASSWORD_{user.upper().replace('-', '_')}"]
    return {
        "bootstrap.servers": project.kafka_url,
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": user,
        "sasl.password": password or known,
        "log_level": 0,
    }


def answer_to_a_write(project: Project, user: str, topic: str) -> KafkaError | None:
    answers: list[KafkaError | None] = []
    producer = Producer(as_user(project, user))
    producer.produce(topic, b"{}", on_delivery=lambda error, _: answers.append(error))
    producer.flush(20)
    (answer,) = answers
    return answer


def answer_to_a_read(project: Project, user: str, topic: str) -> int:
    """What Kafka says of a topic, since nobody reads what it may not see, or else of a record."""
    if unseen := AdminClient(as_user(project, user)).list_topics(topic, timeout=20).topics[topic].error:
        return unseen.code()
    alone = {"group.id": user, "enable.auto.commit": False, "auto.offset.reset": "earliest"}
    consumer = Consumer({**as_user(project, user), **alone})
    codes: list[int] = []

    def answered() -> bool:
        if record := consumer.poll(0.5):
            error = record.error()
            codes.append(error.code() if error else KafkaError.NO_ERROR)
        return bool(set(codes) - {KafkaError.GROUP_AUTHORIZATION_FAILED})

    try:
        consumer.assign([TopicPartition(topic, number, 0) for number in range(12)])
        until_sync("Kafka has answered", answered, 20)
        return codes[-1]
    finally:
        consumer.close()


def answer_to_joining(project: Project, user: str, topic: str, group: str) -> int:
    consumer = Consumer({**as_user(project, user), "group.id": group})
    try:
        consumer.subscribe([topic])
        record = consumer.poll(20)
        assert record is not None, "neither a record nor a refusal"
        error = record.error()
        return error.code() if error else KafkaError.NO_ERROR
    finally:
        consumer.close()


def knocking(settings: dict[str, Any]) -> list[int]:
    """The codes that Kafka and the client tell who asks for the list of topics."""
    told: list[int] = []
    listening: dict[str, Any] = {**settings, "error_cb": lambda error: told.append(error.code())}
    admin = AdminClient(listening)
    try:
        admin.list_topics(timeout=5)
    except KafkaException as refused:
        told.append(refused.args[0].code())
        until_sync("the client has told why", lambda: bool(admin.poll(0.2) or told[1:]), 10)
    return told


@pytest.mark.parametrize("user", SEEN_BY)
def test_a_user_sees_the_topics_that_concern_it_and_no_other(project: Project, user: str) -> None:
    assert set(AdminClient(as_user(project, user)).list_topics(timeout=20).topics) == SEEN_BY[user]


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        ("e-services", "inbox.finance.v1"),
        ("e-services", "intake.contacts.v1"),
        ("routing", "intake.contacts.v1"),
        ("routing", "inbox.staff.v1"),
        ("intake", "inbox.finance.v1"),
        ("notify", "routing.matters.v1"),
        ("demo", "routing.matters.v1"),
    ],
)
def test_nobody_writes_what_is_anothers(project: Project, user: str, topic: str) -> None:
    answer = answer_to_a_write(project, user, topic)
    assert answer is not None
    assert answer.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_a_publisher_writes_its_own_inbox(project: Project) -> None:
    assert answer_to_a_write(project, "finance", "inbox.finance.v1") is None


def test_a_service_writes_the_inbox_of_a_publisher_that_posts_at_its_door(project: Project) -> None:
    assert answer_to_a_write(project, "intake", "inbox.e-services.v1") is None


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        ("e-services", "intake.parties.v1"),
        ("e-services", "inbox.e-services.v1"),
        ("e-services", "intake.rejections.v1"),
        ("procurement", "intake.parties.v1"),
        ("notify", "inbox.e-services.v1"),
        ("demo", "inbox.e-services.v1"),
    ],
)
def test_nobody_reads_what_it_does_not_hear(project: Project, user: str, topic: str) -> None:
    assert answer_to_a_read(project, user, topic) == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_who_hears_a_topic_reads_it(project: Project) -> None:
    assert answer_to_a_write(project, "e-services", "inbox.e-services.v1") is None
    assert answer_to_a_read(project, "intake", "inbox.e-services.v1") == KafkaError.NO_ERROR


def test_a_service_is_a_member_of_its_own_group_only(project: Project) -> None:
    told = answer_to_joining(project, "notify", "intake.parties.v1", "routing")
    assert told == KafkaError.GROUP_AUTHORIZATION_FAILED


def test_a_service_cannot_push_another_relay_aside(project: Project) -> None:
    producer = Producer({**as_user(project, "routing"), "transactional.id": "intake-relay"})
    with pytest.raises(KafkaException) as refused:
        producer.init_transactions(20)
    assert refused.value.args[0].code() == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED


def test_kafka_lets_in_nobody_without_a_password(project: Project) -> None:
    assert knocking(as_user(project, "staff")) == []
    assert KafkaError._AUTHENTICATION in knocking(as_user(project, "staff", "wrong"))
    anonymous = {"bootstrap.servers": project.kafka_url, "log_level": 0}
    assert KafkaError._TRANSPORT in knocking(anonymous)


def test_the_controller_and_the_admin_are_not_reached_from_outside(project: Project) -> None:
    look = "import socket; socket.create_connection(('kafka', 9093), 5)"
    assert "ConnectionRefusedError" in project.within("intake", "sh", "-c", f'python -c "{look}" 2>&1; true')
    admin = {**as_user(project, "admin"), "sasl.mechanism": "PLAIN"}
    assert KafkaError._AUTHENTICATION in knocking(admin)


def test_a_service_gets_nowhere_in_anothers_database_nor_without_its_password(project: Project) -> None:
    mine, nobody, wrong = map(json.loads, project.within("intake", "python", "-c", AT_MONGO).splitlines())
    assert mine[1:] == [True, *[NO_RIGHT] * 4]
    assert "intake" in mine[0]
    assert set(mine[0]) <= {"intake", "kommunkontakt_development"}
    assert nobody == [NO_RIGHT] * 6
    assert wrong == [NO_LOGIN] * 6


def test_a_new_password_holds_when_set_up_has_run_again_and_the_old_one_no_more(project: Project) -> None:
    old = as_user(project, "finance")
    assert knocking(old) == []
    before = project.env_file.read_text()
    changed = before.replace(project.secrets["KAFKA_PASSWORD_FINANCE"], "another-password")
    project.env_file.write_text(changed)
    said = project.compose("run", "--rm", "--no-TTY", "setup")
    assert "users have their passwords; 0 rights given, 0 taken away" in said
    assert KafkaError._AUTHENTICATION in knocking(old)
    assert knocking(as_user(project, "finance")) == []


def test_a_container_knows_its_own_secrets_only(project: Project) -> None:
    expected = {service: {f"{kind}_{service.upper()}" for kind in KINDS} for service in SERVICES}
    expected["intake"] |= {"PARTY_SECRET", "GRANT_SECRET", "MASTER_KEY_INTAKE"}
    expected["routing"] |= {"GRANT_SECRET"}
    expected["procurement"] |= {"PARTY_SECRET"}
    expected["notify"] |= {"MASTER_KEY_NOTIFY"}
    expected |= {"mongo": {"MONGO_KEY", "MONGO_PASSWORD_ADMIN"}, "kafka": {"KAFKA_PASSWORD_ADMIN"}}
    expected |= {"mailpit": set(), "door": set()}
    secrets = {
        name: value for name, value in project.secrets.items() if not name.startswith("KOMMUNKONTAKT_") and value
    }
    for service, own in expected.items():
        environment = json.dumps(project.state(service)["Config"]["Env"])
        assert {name for name, value in secrets.items() if value in environment} == own, service


def test_a_service_reads_the_public_key_and_no_private_one(project: Project) -> None:
    keys = project.within("intake", "sh", "-c", "cat /public-key/*; ls /private-key")
    assert "BEGIN PUBLIC KEY" in keys
    assert "PRIVATE" not in keys
    assert not keys.endswith("token.pem\n")


def test_without_its_file_of_secrets_nothing_starts_and_one_is_told_what_to_run() -> None:
    environment = {**os.environ, "COMPOSE_ENV_FILES": "/dev/null"}
    done = subprocess.run(["docker", "compose", "config"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert "run `make secrets` first" in done.stderr


def test_no_secret_stands_in_the_file_that_is_in_git() -> None:
    services = json.loads(docker("compose", "config", "--no-interpolate", "--format", "json"))["services"]
    names = ("PASSWORD", "SECRET", "KEY", "TOKEN", "JAAS")
    for name, one in services.items():
        for variable, value in (one.get("environment") or {}).items():
            if any(part in variable for part in names) and "FILE" not in variable and "SCRAM" not in variable:
                assert "${" in str(value), f"{name}: {variable}"
    assert re.search(r"^\.env$", (ROOT / ".gitignore").read_text(), re.MULTILINE)
