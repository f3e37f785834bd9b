"""How Kafka is reached: where it is, and who we are there. Every Kafka client of ours begins with `client_options`."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from shared.platform.errors import WrongSetting

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """The servers, and the user that their listener asks for; on a laptop neither user nor encryption."""

    servers: str
    protocol: Protocol = "PLAINTEXT"
    mechanism: Mechanism = "SCRAM-SHA-512"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None


def client_options(kafka: KafkaAccess | str) -> dict[str, Any]:
    """What each client of aiokafka is told; plain `host:port` will do where nobody asks who we are."""
    access = KafkaAccess(kafka) if isinstance(kafka, str) else kafka
    options: dict[str, Any] = {"bootstrap_servers": access.servers, "security_protocol": access.protocol}
    if access.protocol.endswith("SSL"):
        options["ssl_context"] = _trusting(access.ca_file)
    if access.user is not None:
        options |= {
            "sasl_mechanism": access.mechanism,
            "sasl_plain_username": access.user,
            "sasl_plain_password": access.password,
        }
    return options


def fault_of(protocol: str, user: str | None, password: str | None) -> str | None:
    """What is wrong with a protocol and a user that do not fit together, None when they do."""
    asks = protocol.startswith("SASL_")
    if asks and not (user and password):
        return f"is {protocol}, so KOMMUNKONTAKT_KAFKA_USER and KOMMUNKONTAKT_KAFKA_PASSWORD must both be set"
    if user and not asks:
        return "must be SASL_SSL or SASL_PLAINTEXT when KOMMUNKONTAKT_KAFKA_USER is set"
    return None


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ValueError):
        raise WrongSetting("KOMMUNKONTAKT_KAFKA_CA_FILE names no file of certificates that can be read.") from None
