"""Who may do what in Kafka follows from who says and who hears; here it is written down once more, by hand."""

import os
from datetime import date
from unittest import mock

import pytest

from shared.platform.errors import WrongSetting
from shared.platform.mongo_users import database_of
from shared.platform.rights import password_of, rights, users
from shared.platform.settings import PlatformSettings, Publisher, Rate

OVER_HTTP = (Rate(from_on=date(2026, 1, 1), per_minute=60),)
PUBLISHERS = (
    Publisher(name="e-services", municipality="1460", types=("contact-received",), http_rates=OVER_HTTP),
    Publisher(name="old-services", municipality="1460", types=("contact-received",)),
    Publisher(name="finance", municipality="1460", types=("contract-signed",)),
    Publisher(name="staff", municipality="1460", types=("officer-changed",)),
)
WRITES = {
    "intake": "intake.contacts.v1 intake.alarms.v1 intake.parties.v1 intake.rejections.v1 intake.parked.v1 "
    "inbox.e-services.v1",
    "routing": "routing.matters.v1 routing.officers.v1 routing.rejections.v1 routing.parked.v1",
    "procurement": "procurement.contracts.v1 procurement.plan.v1 procurement.rejections.v1 procurement.parked.v1",
    "notify": "notify.deliveries.v1 notify.parked.v1",
    "e-services": "inbox.e-services.v1",
    "old-services": "inbox.old-services.v1",
    "finance": "inbox.finance.v1",
    "staff": "inbox.staff.v1",
}
READS = {
    "intake": "inbox.e-services.v1 inbox.old-services.v1 routing.matters.v1 routing.officers.v1 "
    "procurement.contracts.v1 procurement.plan.v1",
    "routing": "inbox.staff.v1 intake.contacts.v1",
    "procurement": "inbox.finance.v1",
    "notify": "intake.parties.v1 intake.alarms.v1 routing.officers.v1 routing.matters.v1 procurement.plan.v1",
}


def production() -> PlatformSettings:
    return PlatformSettings(environment="production", publishers=PUBLISHERS)


def topics(action: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for right in rights(production()):
        if (right.action, right.kind, right.prefix) == (action, "TOPIC", False):
            found.setdefault(right.user, set()).add(right.name)
    return found


def test_each_writes_its_own_and_what_is_posted_at_its_door_and_reads_what_it_hears() -> None:
    assert topics("WRITE") == {user: set(names.split()) for user, names in WRITES.items()}
    assert topics("READ") == {user: {*names.split(), *WRITES[user].split()} for user, names in READS.items()}


def test_beside_topics_a_service_has_its_group_and_its_transactional_id_and_a_publisher_nothing() -> None:
    other = {(one.user, one.action, one.kind, one.name) for one in rights(production()) if one.kind != "TOPIC"}
    assert other == {
        *((service, "READ", "GROUP", service) for service in READS),
        *((service, "WRITE", "TRANSACTIONAL_ID", f"{service}-relay") for service in READS),
    }


def test_only_in_development_somebody_listens_to_all_that_we_say() -> None:
    assert users(production()) == sorted(WRITES)
    development = PlatformSettings(environment="development", publishers=PUBLISHERS)
    assert users(development) == sorted([*WRITES, "demo"])
    heard = {one.name for one in rights(development) if one.user == "demo" and one.kind == "TOPIC"}
    assert not {name for name in heard if name.startswith("inbox.")}


@pytest.mark.parametrize("name", ["intake", "admin", "demo"])
def test_a_publisher_cannot_go_by_the_name_of_somebody_else(name: str) -> None:
    publisher = Publisher(name=name, municipality="1460", types=("contact-received",))
    with pytest.raises(WrongSetting, match=rf"^KOMMUNKONTAKT_PUBLISHERS must not name a publisher {name}: "):
        users(PlatformSettings(publishers=(publisher,)))


def test_a_password_that_is_missing_is_named() -> None:
    assert password_of("e-services", "KAFKA", {"KAFKA_PASSWORD_E_SERVICES": "x"}) == "x"
    with pytest.raises(WrongSetting, match=r"^MONGO_PASSWORD_INTAKE must be set, .*make secrets"):
        password_of("intake", "MONGO", {"KAFKA_PASSWORD_INTAKE": "x"})


def test_a_service_keeps_its_state_where_the_operator_says() -> None:
    with mock.patch.dict(os.environ, {"ROUTING_DATABASE": "routing2"}, clear=True):
        assert (database_of("routing"), database_of("intake")) == ("routing2", "intake")
