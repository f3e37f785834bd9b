"""Makes the users of Kafka and their rights. Only the image of the set-up has the client that can: confluent-kafka."""

from collections.abc import Iterable, Mapping
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from shared.contracts.streams import INBOX
from shared.platform.errors import WrongSetting
from shared.platform.kafka import KafkaAccess
from shared.platform.rights import Right

ITERATIONS = 8192
WITHIN = 30.0
INBOXES = INBOX.topic.partition("*")[0]


def keep_users(access: KafkaAccess, passwords: Mapping[str, str], rights: Iterable[Right]) -> tuple[int, int]:
    """Give each user its password, and exactly its rights; returns how many rights were given and taken away.

    Rights of others are left alone, except on inboxes: a publisher that is registered no more may not write there.
    """
    admin = AdminClient(_told(access))
    try:
        _done(admin.alter_user_scram_credentials([_credential(*one) for one in passwords.items()]))
        wanted, there = set(rights), _there(admin)
        missing = [_binding(right) for right in wanted - set(there)]
        surplus = [
            _filter(binding) for right, binding in there.items() if right not in wanted and _ours(right, passwords)
        ]
        if missing:
            _done(admin.create_acls(missing))
        if surplus:
            _done(admin.delete_acls(surplus))
    except KafkaException as refused:
        raise WrongSetting(f"Kafka would not make users or rights ({refused.args[0].name()}).") from None
    return len(missing), len(surplus)


def _told(access: KafkaAccess) -> dict[str, Any]:
    told = {
        "bootstrap.servers": access.servers,
        "security.protocol": access.protocol,
        "sasl.mechanism": access.mechanism,
        "sasl.username": access.user,
        "sasl.password": access.password,
        "ssl.ca.location": str(access.ca_file) if access.ca_file else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _done(answers: Mapping[Any, Any]) -> None:
    for answer in answers.values():
        answer.result(WITHIN)


def _credential(user: str, password: str) -> UserScramCredentialUpsertion:
    how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
    return UserScramCredentialUpsertion(user, how, password.encode())


def _there(admin: AdminClient) -> dict[Right, Any]:
    """What may be done now, by right; what is not of our kinds gets a right that nobody wants."""
    no: Any = None
    what, allowed = AclOperation.ANY, AclPermissionType.ANY
    all_ = AclBindingFilter(ResourceType.ANY, no, ResourcePatternType.ANY, no, no, what, allowed)
    found: list[Any] = admin.describe_acls(all_).result(WITHIN)
    return {_right(binding): binding for binding in found}


def _right(binding: Any) -> Right:
    user, prefix = (
        binding.principal.removeprefix("User:"),
        binding.resource_pattern_type is ResourcePatternType.PREFIXED,
    )
    return Right(user, binding.operation.name, binding.restype.name, binding.name, prefix)


def _binding(right: Right) -> AclBinding:
    pattern = ResourcePatternType.PREFIXED if right.prefix else ResourcePatternType.LITERAL
    who, what = f"User:{right.user}", AclOperation[right.action]
    return AclBinding(ResourceType[right.kind], right.name, pattern, who, "*", what, AclPermissionType.ALLOW)


def _ours(right: Right, users: Iterable[str]) -> bool:
    return right.user in users or (right.kind == "TOPIC" and right.name.startswith(INBOXES))


def _filter(one: Any) -> AclBindingFilter:
    pattern, what = one.resource_pattern_type, one.operation
    return AclBindingFilter(one.restype, one.name, pattern, one.principal, one.host, what, one.permission_type)
