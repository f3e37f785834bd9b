"""Only those with a token that proves it come in, in their own municipality and role."""

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption as Locked
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from shared.platform.errors import TryAgain, WrongSetting
from shared.platform.settings import PlatformSettings
from shared.platform.web.errors import Unauthenticated
from shared.platform.web.fetching import LARGEST, fetching
from shared.platform.web.keys import (
    OneKey,
    PublishedKeys,
    VerifyingKey,
    algorithm_of,
    keys_from,
    published,
    signing_key,
    verifying_key,
)
from shared.platform.web.who import LEEWAY_SECONDS, Guard, Person, Proven, allowed
from tests.platform.example_doors import KEY, bearer, example, knock, token

NUMBERS = "/example/v1/1460/numbers"
RSA = rsa.generate_private_key(65537, 2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
ONE_KEY = OneKey(VerifyingKey(KEY.public_key(), "EdDSA"))
GUARD = Guard(ONE_KEY, "kommunkontakt")


async def status(path: str = NUMBERS, **how: Any) -> tuple[int, str]:
    async with knock(example()) as client:
        response = await client.get(path, **how)
    return response.status_code, response.json().get("type", "") if response.status_code >= 400 else ""


async def test_a_token_with_the_role_and_the_municipality_opens_the_door() -> None:
    assert await status(headers=bearer()) == (200, "")
    assert await status(headers=bearer(roles=["buyer", "officer"], municipality=["1440", "1460"])) == (200, "")


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ({}, "token-missing"),
        ({"Authorization": "Basic eDp5"}, "token-missing"),
        ({"Authorization": "Bearer x"}, "token-wrong"),
        ({"Authorization": "Bearer é"}, "token-wrong"),
        (bearer(exp=datetime.now(UTC) - timedelta(minutes=1)), "token-wrong"),
        (bearer(exp=None), "token-wrong"),
        (bearer(nbf=datetime.now(UTC) + timedelta(hours=1)), "token-wrong"),
        (bearer(aud="another"), "token-wrong"),
        (bearer(aud=None), "token-wrong"),
        (bearer(sub=None), "token-wrong"),
        (bearer(sub="two words"), "token-wrong"),
        (bearer(key=Ed25519PrivateKey.generate()), "token-wrong"),
        (bearer(key="x" * 64, algorithm="HS256"), "token-wrong"),
        (bearer(key=None, algorithm="none"), "token-wrong"),
        (bearer(key=RSA, algorithm="RS256"), "token-wrong"),
    ],
)
async def test_a_token_that_proves_nothing_is_refused(header: dict[str, str], told: str) -> None:
    async with knock(example()) as client:
        raw = [(name.encode(), value.encode("latin-1")) for name, value in header.items()]
        response = await client.get(NUMBERS, headers=raw)
    assert (response.status_code, response.json()["type"]) == (401, f"/problems/{told}")
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"roles": ["buyer"]}, "wrong-role"),
        ({"roles": []}, "wrong-role"),
        ({"roles": "receptionist"}, "wrong-role"),
        ({"roles": None}, "wrong-role"),
        ({"roles": [["receptionist"]]}, "wrong-role"),
        ({"municipality": "1440"}, "wrong-municipality"),
        ({"municipality": None}, "wrong-municipality"),
        ({"municipality": [1460]}, "wrong-municipality"),
    ],
)
async def test_another_role_or_municipality_may_not(changed: dict[str, Any], told: str) -> None:
    assert await status(headers=bearer(**changed)) == (403, f"/problems/{told}")


@pytest.mark.parametrize("code", ["146", "14600", "abcd", "1460%0a", "١٤٦٠"])
async def test_a_municipality_is_a_code_of_four_digits(code: str) -> None:
    path = f"/example/v1/{code}/numbers"
    assert await status(path, headers=bearer(municipality=[code, "1460\n"])) == (403, "/problems/wrong-municipality")


async def test_a_door_without_municipality_asks_for_the_role_only() -> None:
    async with knock(example()) as client:
        response = await client.get("/example/v1/parts", headers=bearer(roles=["operator"]))
    assert response.json() == "o-1@"


async def test_a_person_is_who_the_token_says() -> None:
    person = await GUARD.read(token(municipality=["1460", "x"]))
    assert person == Person("o-1", frozenset({"receptionist"}), "", frozenset({"1460"}))


def test_a_door_names_roles_that_exist() -> None:
    with pytest.raises(ValueError, match="roles are among"):
        allowed("king")
    with pytest.raises(ValueError, match="roles are among"):
        allowed()


def segment(text: bytes) -> str:
    return urlsafe_b64encode(text).decode().rstrip("=")


@given(
    st.one_of(st.text(), st.lists(st.binary(max_size=40), max_size=4).map(lambda parts: ".".join(map(segment, parts))))
)
async def test_any_text_as_a_token_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        await GUARD.read(text)


@pytest.mark.parametrize("header", [b"[" * 5000, b'{"alg":"EdDSA","kid":[]}', b'{"alg":' + b"9" * 5000 + b"}", b"null"])
async def test_odd_headers_in_a_token_are_refused(header: bytes) -> None:
    with pytest.raises(Unauthenticated):
        await GUARD.read(f"{segment(header)}.{segment(b'{}')}.{segment(b'x')}")


@pytest.mark.parametrize("expires", [-1, "soon", [1], True, None, {"at": 1}])
async def test_odd_claims_in_a_signed_token_are_refused(expires: Any) -> None:
    claims = {"sub": "o-1", "aud": "kommunkontakt", "exp": expires}
    with pytest.raises(Unauthenticated):
        await GUARD.read(jwt.api_jws.encode(json.dumps(claims).encode(), KEY, algorithm="EdDSA"))


@pytest.mark.parametrize("claims", [b"[]", b"x", b"[" * 5000, b'{"exp": 1' + b"0" * 5000 + b"}"])
async def test_odd_signed_contents_are_refused(claims: bytes) -> None:
    with pytest.raises(Unauthenticated):
        await GUARD.read(jwt.api_jws.encode(claims, KEY, algorithm="EdDSA"))


def pem(key: Any, password: bytes | None = None) -> bytes:
    locked = Locked(password) if password else NoEncryption()
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))


def public_pem(key: Any) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


@pytest.mark.parametrize(("key", "algorithm"), [(KEY, "EdDSA"), (RSA, "RS256"), (CURVE, "ES256")])
async def test_a_key_in_a_file_may_be_public_or_private(tmp_path: Path, key: Any, algorithm: str) -> None:
    file = tmp_path / "key.pem"
    for written in (pem(key), public_pem(key)):
        file.write_bytes(written)
        found = verifying_key(file)
        assert found.algorithm == algorithm
        guard = Guard(OneKey(found), "kommunkontakt")
        assert (await guard.read(token(key, algorithm))).id == "o-1"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (b"junk", "holds no PEM key"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "holds no PEM key"),
        (pem(KEY, b"password"), "without a password"),
        (pem(ec.generate_private_key(ec.SECP384R1())), "must hold an Ed25519, P-256 or RSA key"),
    ],
)
def test_a_file_without_a_usable_key_is_a_wrong_setting(tmp_path: Path, written: bytes, said: str) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(written)
    with pytest.raises(WrongSetting, match=said) as refused:
        verifying_key(file)
    assert str(refused.value).startswith("KOMMUNKONTAKT_JWT_KEY_FILE")


def test_a_file_that_is_not_there_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="cannot be read"):
        verifying_key(tmp_path / "none.pem")


def test_a_public_key_signs_nothing(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(public_pem(KEY))
    with pytest.raises(WrongSetting, match="no private key"):
        signing_key(file)


def test_the_settings_say_where_keys_are(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(pem(KEY))
    one = PlatformSettings(environment="development", jwt_key_file=file)
    assert isinstance(keys_from(one), OneKey)
    many = PlatformSettings(environment="development", jwks_url="https://login.example.org/keys")
    assert isinstance(keys_from(many), PublishedKeys)
    with pytest.raises(WrongSetting, match="JWT_KEY_FILE or KOMMUNKONTAKT_JWKS_URL must be set"):
        keys_from(PlatformSettings(environment="development"))


def jwks(**keys: Any) -> bytes:
    writers: dict[str, Any] = {"EdDSA": OKPAlgorithm, "RS256": RSAAlgorithm, "ES256": ECAlgorithm}
    made = [
        json.loads(writers[algorithm_of(key.public_key())].to_jwk(key.public_key())) | {"kid": kid}
        for kid, key in keys.items()
    ]
    return json.dumps({"keys": made}).encode()


def test_published_keys_are_those_we_can_use() -> None:
    found = published(jwks(a=KEY, b=RSA, c=CURVE))
    assert {kid: key.algorithm for kid, key in found.items()} == {"a": "EdDSA", "b": "RS256", "c": "ES256"}
    document = json.loads(jwks(a=KEY, e=KEY, s=RSA))
    document["keys"][1]["use"] = "enc"
    document["keys"][2]["alg"] = "PS256"
    others = ["text", {"kty": "oct", "k": "c2VjcmV0", "kid": "o"}, {"kty": "RSA"}, {"kid": 5}, {}]
    assert set(published(json.dumps({"keys": document["keys"] + others}).encode())) == {"a"}


@given(
    st.one_of(
        st.binary(),
        st.recursive(st.text(), lambda x: st.dictionaries(st.just("keys"), x) | st.lists(x)).map(
            lambda value: json.dumps(value).encode()
        ),
    )
)
def test_any_other_document_holds_no_keys(body: bytes) -> None:
    with pytest.raises(ValueError):
        published(body)


class Provider:
    """An identity provider that can be away, and the watch by which its keys grow old."""

    def __init__(self) -> None:
        self.body, self.away, self.asked, self.seconds = jwks(a=KEY), False, 0, 0.0

    async def fetch(self) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise TryAgain("away")
        return self.body

    def watch(self) -> float:
        return self.seconds


async def test_keys_are_fetched_once_and_again_after_a_while() -> None:
    provider = Provider()
    keys = PublishedKeys(provider.fetch, provider.watch)
    assert await keys.find("a")
    assert await keys.find(None)
    assert provider.asked == 1
    provider.seconds = 301
    assert await keys.find("a")
    assert provider.asked == 2


async def test_an_unknown_name_is_looked_up_again_but_not_all_the_time() -> None:
    provider = Provider()
    keys = PublishedKeys(provider.fetch, provider.watch)
    assert await keys.find("b") is None
    provider.body = jwks(a=KEY, b=CURVE)
    assert await keys.find("b") is None
    provider.seconds = 31
    assert await keys.find("b")
    assert await keys.find(None) is None
    assert provider.asked == 2


async def test_requests_that_come_together_ask_the_provider_once() -> None:
    provider = Provider()
    keys = PublishedKeys(provider.fetch, provider.watch)
    found = await asyncio.gather(*(keys.find("a") for _ in range(5)))
    assert all(found)
    assert provider.asked == 1


async def test_a_token_signed_with_a_key_that_is_not_published_is_refused() -> None:
    guard = Guard(PublishedKeys(Provider().fetch, lambda: 0.0), "kommunkontakt")
    with pytest.raises(Unauthenticated):
        await guard.read(jwt.encode({"sub": "o-1"}, KEY, algorithm="EdDSA", headers={"kid": "z"}))


class Counted(Guard):
    """Counts how often a token is proven."""

    proofs = 0

    async def _prove(self, token: str) -> Proven:
        self.proofs += 1
        return await super()._prove(token)


async def test_a_token_is_proven_once() -> None:
    guard = Counted(ONE_KEY, "kommunkontakt")
    mine, others = token(), token(sub="o-2")
    assert [(await guard.read(one)).id for one in (mine, mine, others, mine)] == ["o-1", "o-1", "o-2", "o-1"]
    assert guard.proofs == 2


async def test_a_token_that_was_proven_is_proven_anew_once_its_time_is_out() -> None:
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    wall = [ends.timestamp() + LEEWAY_SECONDS - 0.5]
    guard = Counted(ONE_KEY, "kommunkontakt", lambda: wall[0])
    signed = token(exp=ends)
    await guard.read(signed)
    await guard.read(signed)
    assert guard.proofs == 1
    wall[0] += 0.5
    await guard.read(signed)
    assert guard.proofs == 2


async def test_a_token_whose_key_is_withdrawn_proves_nothing_more() -> None:
    provider = Provider()
    guard = Guard(PublishedKeys(provider.fetch, provider.watch), "kommunkontakt")
    signed = token(headers={"kid": "a"})
    assert (await guard.read(signed)).id == "o-1"
    provider.body, provider.seconds = jwks(b=CURVE), 301
    with pytest.raises(Unauthenticated):
        await guard.read(signed)


async def test_so_many_tokens_are_known_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.platform.web.who.MOST_KEPT", 3)
    guard = Counted(ONE_KEY, "kommunkontakt")
    tokens = [token(sub=f"o-{number}") for number in range(4)]
    for one in (*tokens[:3], tokens[0], tokens[3], tokens[3], tokens[0]):
        await guard.read(one)
    assert guard.proofs == 5


async def test_while_the_provider_is_away_the_keys_we_have_are_used_for_an_hour() -> None:
    provider = Provider()
    keys = PublishedKeys(provider.fetch, provider.watch)
    await keys.find("a")
    provider.away, provider.seconds = True, 3000
    assert await keys.find("a")
    provider.seconds = 3601
    with pytest.raises(TryAgain):
        await keys.find("a")


async def test_without_any_keys_the_door_asks_to_come_back() -> None:
    provider = Provider()
    provider.away = True
    app = example()
    app.state.guard = Guard(PublishedKeys(provider.fetch, provider.watch), "kommunkontakt")
    async with knock(app) as client:
        response = await client.get(NUMBERS, headers=bearer())
    assert (response.status_code, response.json()["type"]) == (503, "/problems/try-again")


def serving(status: int, body: bytes) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, content=body, headers={"Location": "http://elsewhere/"})


def silent(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("away")


async def test_keys_are_fetched_over_http_without_following_anything() -> None:
    url = "https://login.example.org/keys"
    assert await fetching(url, httpx.MockTransport(serving(200, b"{}")))() == b"{}"
    with pytest.raises(TryAgain, match="302"):
        await fetching(url, httpx.MockTransport(serving(302, b"")))()
    with pytest.raises(TryAgain, match="did not answer"):
        await fetching(url, httpx.MockTransport(silent))()
    with pytest.raises(ValueError, match="too large"):
        await fetching(url, httpx.MockTransport(serving(200, b"x" * (LARGEST + 1))))()
