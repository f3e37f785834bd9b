"""docs/operators.md names every setting, with the default that it has."""

import importlib
import re
from pathlib import Path

from pydantic_core import PydanticUndefined

from shared.platform.settings import DEVELOPMENT_SECRET, SECRETS_DIR, PlatformSettings, ServiceSettings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/settings.py"))
NOTHING = ("", None, (), DEVELOPMENT_SECRET, PydanticUndefined)


def settings_of(service: str) -> type[ServiceSettings]:
    found: type[ServiceSettings] = importlib.import_module(f"services.{service}.settings").Settings
    return found


def there_are(settings: type[PlatformSettings] | type[ServiceSettings]) -> dict[str, str]:
    """Variable -> default, as the page writes it."""
    prefix = str(settings.model_config.get("env_prefix"))
    fields = {name: field.default for name, field in settings.model_fields.items() if name != "platform"}
    return {f"{prefix}{name.upper()}": "-" if value in NOTHING else f"`{value}`" for name, value in fields.items()}


def told() -> dict[str, str]:
    """Variable -> default, as the page's table tells."""
    settings = PAGE.partition("## Settings")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \| ([^|]+) \|", settings, flags=re.MULTILINE)
    pairs = [zip(names.split(", "), defaults.split(", "), strict=True) for names, defaults in rows]
    return {name.strip("`"): default for row in pairs for name, default in row}


def test_the_table_names_every_setting_with_its_default() -> None:
    expected = there_are(PlatformSettings)
    for service in SERVICES:
        expected |= there_are(settings_of(service))
    assert told() == expected
    assert SECRETS_DIR in PAGE


def test_the_page_names_the_ports_that_compose_publishes() -> None:
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for service in SERVICES:
        port = settings_of(service).model_fields["port"].default
        assert f"${{DOOR_ADDRESS:-127.0.0.1}}:${{{service.upper()}_PORT:-{port}}}:{port}" in compose
        assert str(port) in PAGE
