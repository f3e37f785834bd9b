"""Settings come from the environment; whatever stands there, the answer is settings or one sentence."""

import os
import ssl
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.routing.settings import Settings as RoutingSettings
from shared.platform.errors import WrongSetting
from shared.platform.kafka import client_options
from shared.platform.settings import PlatformSettings, Publisher, Rate, ServiceSettings


class Settings(ServiceSettings, env_prefix="INTAKE_"):
    """What services/intake/settings.py looks like."""

    secrets = ("secret_key", "party_secret")
    port: int = 8001
    database: str = "intake"


DEVELOPMENT = {"KOMMUNKONTAKT_ENVIRONMENT": "development"}
PRODUCTION = {
    "KOMMUNKONTAKT_SECRET_KEY": "s" * 32,
    "KOMMUNKONTAKT_PARTY_SECRET": "p" * 32,
    "KOMMUNKONTAKT_GRANT_SECRET": "g" * 32,
    "KOMMUNKONTAKT_JWKS_URL": "https://login.example.org/keys",
}
VARIABLES = tuple(f"KOMMUNKONTAKT_{name.upper()}" for name in PlatformSettings.model_fields)
UNPREFIXED = ("KAFKA_URL", "MONGO_URL", "SMTP_URL")
OWN = ("INTAKE_PORT", "INTAKE_DATABASE", "INTAKE_PLATFORM")


def loaded(environment: Mapping[str, str]) -> Settings:
    with mock.patch.dict(os.environ, environment, clear=True):
        return Settings.load()


def refusal(environment: Mapping[str, str]) -> str:
    with pytest.raises(WrongSetting) as refused:
        loaded(environment)
    return str(refused.value)


def test_in_development_everything_has_a_default() -> None:
    settings = loaded(DEVELOPMENT)
    assert (settings.port, settings.database) == (8001, "intake")
    assert settings.platform.kafka_url == "127.0.0.1:9092"
    assert settings.platform.mongo_url == "mongodb://127.0.0.1:27017/?replicaSet=rs0"
    assert settings.platform.mongo_driver == "motor"
    assert settings.platform.publishers == ()


def test_each_has_its_own_prefix() -> None:
    environment = {"INTAKE_PORT": "9001", "INTAKE_DATABASE": "intake2", "PORT": "1", "KOMMUNKONTAKT_HOST": "::"}
    settings = loaded(DEVELOPMENT | environment)
    assert (settings.port, settings.database, settings.platform.host) == (9001, "intake2", "::")


def test_the_platform_can_be_loaded_alone() -> None:
    with mock.patch.dict(os.environ, DEVELOPMENT, clear=True):
        assert PlatformSettings.load().environment == "development"
    with mock.patch.dict(os.environ, {}, clear=True):
        assert PlatformSettings.load().environment == "production"


def test_unprefixed_addresses_count_when_ours_are_not_set() -> None:
    others = {"KAFKA_URL": "k:1,l:2", "MONGO_URL": "mongodb://m/?replicaSet=x", "SMTP_URL": "smtp://s:25"}
    platform = loaded(DEVELOPMENT | others | {"KOMMUNKONTAKT_KAFKA_URL": "ours:9"}).platform
    assert platform.kafka_url == "ours:9"
    assert platform.mongo_url == "mongodb://m/?replicaSet=x"
    assert platform.smtp_url == "smtp://s:25"


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert loaded(DEVELOPMENT | {"INTAKE_PORT": "", "KAFKA_URL": ""}).port == 8001


def test_production_needs_its_secrets_and_a_key() -> None:
    sentence = refusal({})
    for name in ("SECRET_KEY", "PARTY_SECRET", "JWT_KEY_FILE or KOMMUNKONTAKT_JWKS_URL"):
        assert f"KOMMUNKONTAKT_{name} must be set in production" in sentence
    assert loaded(PRODUCTION).platform.environment == "production"
    with_file = {name: value for name, value in PRODUCTION.items() if "JWKS" not in name}
    with_file["KOMMUNKONTAKT_JWT_KEY_FILE"] = "/keys/public.pem"
    assert loaded(with_file).platform.jwt_key_file == Path("/keys/public.pem")


def test_a_service_that_makes_no_party_ids_needs_no_party_secret() -> None:
    without = {name: value for name, value in PRODUCTION.items() if "PARTY" not in name}
    assert refusal(without).startswith("KOMMUNKONTAKT_PARTY_SECRET must be set in production")
    with mock.patch.dict(os.environ, without, clear=True):
        assert RoutingSettings.load().platform.environment == "production"


def test_the_secret_of_development_is_refused_in_production() -> None:
    known = loaded(DEVELOPMENT).platform.secret_key
    assert "KOMMUNKONTAKT_SECRET_KEY must be set" in refusal(PRODUCTION | {"KOMMUNKONTAKT_SECRET_KEY": known})


def test_time_is_simulated_in_development_only() -> None:
    simulated = {"KOMMUNKONTAKT_CLOCK": "simulated"}
    assert loaded(DEVELOPMENT | simulated).platform.clock == "simulated"
    assert "KOMMUNKONTAKT_CLOCK may be simulated only" in refusal(PRODUCTION | simulated)


def test_two_places_for_keys_are_one_too_many() -> None:
    assert "must not both be set" in refusal(PRODUCTION | {"KOMMUNKONTAKT_JWT_KEY_FILE": "/k.pem"})


SASL = {
    "KOMMUNKONTAKT_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "KOMMUNKONTAKT_KAFKA_USER": "intake",
    "KOMMUNKONTAKT_KAFKA_PASSWORD": "a-secret-",
}


def test_kafka_is_told_who_we_are() -> None:
    access = loaded(DEVELOPMENT | SASL | {"KAFKA_URL": "k:9"}).platform.kafka
    told = client_options(access)
    assert isinstance(told.pop("ssl_context"), ssl.SSLContext)
    assert told == {
        "bootstrap_servers": "k:9",
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "intake",
        "sasl_plain_password": "a-secret-",
    }
    assert "a-secret-" not in repr(access)


def test_where_kafka_asks_nobody_an_address_is_enough() -> None:
    plain = {"bootstrap_servers": "k:9", "security_protocol": "PLAINTEXT"}
    assert client_options("k:9") == plain
    assert client_options(loaded(DEVELOPMENT | {"KAFKA_URL": "k:9"}).platform.kafka) == plain


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ("USER", "is SASL_SSL, so KOMMUNKONTAKT_KAFKA_USER and KOMMUNKONTAKT_KAFKA_PASSWORD must both be set."),
        ("PASSWORD", "is SASL_SSL, so KOMMUNKONTAKT_KAFKA_USER and KOMMUNKONTAKT_KAFKA_PASSWORD must both be set."),
        (
            "SECURITY_PROTOCOL",
            "must be SASL_SSL or SASL_PLAINTEXT when KOMMUNKONTAKT_KAFKA_USER is set.",
        ),
    ],
)
def test_half_a_kafka_user_is_refused(left_out: str, said: str) -> None:
    half = {name: value for name, value in SASL.items() if name != f"KOMMUNKONTAKT_KAFKA_{left_out}"}
    assert refusal(DEVELOPMENT | half) == f"KOMMUNKONTAKT_KAFKA_SECURITY_PROTOCOL {said}"


def test_a_file_that_holds_no_certificates_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for file in (tmp_path / "ca.pem", tmp_path / "nowhere"):
        access = loaded(DEVELOPMENT | SASL | {"KOMMUNKONTAKT_KAFKA_CA_FILE": str(file)}).platform.kafka
        with pytest.raises(WrongSetting, match=r"^KOMMUNKONTAKT_KAFKA_CA_FILE names no file of certificates"):
            client_options(access)


def test_publishers_are_a_list_in_json() -> None:
    text = '[{"name": "civic", "municipality": "1460", "types": ["contact-received"]}]'
    (publisher,) = loaded(DEVELOPMENT | {"KOMMUNKONTAKT_PUBLISHERS": text}).platform.publishers
    assert publisher == Publisher(name="civic", municipality="1460", types=("contact-received",))


def test_of_a_publishers_rates_the_newest_that_has_come_holds() -> None:
    rates = [Rate(from_on=date(2027, 1, 1), per_minute=5), Rate(from_on=date(2026, 7, 1), per_minute=60)]
    publisher = Publisher(name="civic", municipality="1460", types=("contact-received",), http_rates=tuple(rates))
    days = [date(2026, 6, 30), date(2026, 7, 1), date(2026, 12, 31), date(2027, 1, 1)]
    assert [publisher.per_minute(on) for on in days] == [None, 60, 60, 5]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("INTAKE_PORT", "x", "INTAKE_PORT should be a valid integer"),
        ("INTAKE_PORT", "65536", "INTAKE_PORT must be a port, 1 to 65535"),
        ("INTAKE_DATABASE", "a.b", "INTAKE_DATABASE must begin with a letter"),
        ("KAFKA_URL", "kafka", "KOMMUNKONTAKT_KAFKA_URL must be host:port"),
        (
            "KOMMUNKONTAKT_MONGO_URL",
            "http://m",
            "KOMMUNKONTAKT_MONGO_URL must be an address that begins with mongodb://",
        ),
        ("SMTP_URL", "smtp://m:x", "KOMMUNKONTAKT_SMTP_URL must be an address that begins with smtp:// or smtps://"),
        ("KOMMUNKONTAKT_JWKS_URL", "http://far.example/k", "KOMMUNKONTAKT_JWKS_URL must be https, or http on this"),
        ("KOMMUNKONTAKT_JWKS_URL", "https://[", "KOMMUNKONTAKT_JWKS_URL must be an address"),
        ("KOMMUNKONTAKT_SECRET_KEY", "short", "KOMMUNKONTAKT_SECRET_KEY should have at least 32 characters"),
        ("KOMMUNKONTAKT_ENVIRONMENT", "test", "KOMMUNKONTAKT_ENVIRONMENT should be 'production' or 'development'"),
        ("KOMMUNKONTAKT_PUBLISHERS", "x", "KOMMUNKONTAKT_PUBLISHERS must be JSON"),
        ("KOMMUNKONTAKT_PUBLISHERS", "[" * 5000, "KOMMUNKONTAKT_PUBLISHERS must be JSON"),
        ("KOMMUNKONTAKT_PUBLISHERS", '[{"name": "A B"}]', "KOMMUNKONTAKT_PUBLISHERS[0].municipality: Field required"),
    ],
)
def test_a_wrong_one_is_named(name: str, value: str, said: str) -> None:
    sentence = refusal(DEVELOPMENT | {name: value})
    assert said in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_loopback_may_serve_keys_without_https() -> None:
    for host in ("localhost", "127.0.0.1:8080", "[::1]:80"):
        url = f"http://{host}/keys"
        assert loaded(DEVELOPMENT | {"KOMMUNKONTAKT_JWKS_URL": url}).platform.jwks_url == url


def test_a_publisher_is_named_once() -> None:
    one = '{"name": "civic", "municipality": "1460", "types": ["x"]}'
    assert "must name each publisher once" in refusal(DEVELOPMENT | {"KOMMUNKONTAKT_PUBLISHERS": f"[{one}, {one}]"})


def test_all_wrong_ones_are_named_at_once_but_not_endlessly() -> None:
    sentence = refusal({"INTAKE_PORT": "x", "KOMMUNKONTAKT_CLOCK": "sundial", "MONGO_URL": "y"})
    for name in ("INTAKE_PORT", "KOMMUNKONTAKT_CLOCK", "KOMMUNKONTAKT_MONGO_URL"):
        assert name in sentence
    assert "and 35 more." in refusal(DEVELOPMENT | {"KOMMUNKONTAKT_PUBLISHERS": "[" + "{}," * 14 + "{}]"})


def test_secrets_are_never_shown() -> None:
    hidden = {
        "KOMMUNKONTAKT_SECRET_KEY": "a-secret-" * 4,
        "KOMMUNKONTAKT_PARTY_SECRET": "a-secret-" * 4,
        "KOMMUNKONTAKT_MONGO_URL": "mongodb://user:a-secret-@m/",
        "KOMMUNKONTAKT_SMTP_URL": "smtp://user:a-secret-@m",
        "KOMMUNKONTAKT_KAFKA_PASSWORD": "a-secret-",
        "KOMMUNKONTAKT_KAFKA_USER": "u",
        "KOMMUNKONTAKT_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    }
    assert "a-secret-" not in repr(loaded(PRODUCTION | hidden))
    short = dict.fromkeys(hidden, "a-secret-")
    assert "a-secret-" not in refusal(PRODUCTION | short)
    extra = '[{"name": "a", "municipality": "1460", "types": ["x"], "line\\nbreak": "a-secret-"}]'
    sentence = refusal(DEVELOPMENT | {"KOMMUNKONTAKT_PUBLISHERS": extra})
    assert "line?break" in sentence
    assert "a-secret-" not in sentence


def test_settings_are_frozen_and_can_be_made_in_code() -> None:
    platform = PlatformSettings(environment="development", kafka_url="k:1", mongo_url="mongodb://m")
    settings = Settings(platform=platform, port=1)
    assert settings.platform.kafka_url == "k:1"
    with pytest.raises(ValidationError):
        settings.port = 2  # type: ignore[misc]


def in_an_environment(text: str) -> bool:
    try:
        return "\0" not in text and bool(os.fsencode(text) or True)
    except UnicodeEncodeError:
        return False


junk = st.one_of(
    st.text(max_size=60), st.binary(max_size=60).map(os.fsdecode), st.from_regex(r"[\[\]{}\",:0-9a-z]{0,60}")
)


@given(st.dictionaries(st.sampled_from(VARIABLES + UNPREFIXED + OWN), junk.filter(in_an_environment), max_size=8))
def test_any_environment_gives_settings_or_one_sentence(environment: dict[str, str]) -> None:
    try:
        loaded(environment)
    except WrongSetting as refused:
        sentence = str(refused)
        assert "KOMMUNKONTAKT_" in sentence or "INTAKE_" in sentence
        assert sentence.isprintable()
