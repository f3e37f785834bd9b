"""The shape of the house: services are strangers, storeys stand on each other, and nothing grows too big."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = sorted(path.name for path in (ROOT / "services").iterdir() if (path / "app.py").exists())
CODE = sorted(path for top in ("shared", "services", "stack", "bench") for path in (ROOT / top).rglob("*.py"))
FILES = {"README.md", "model.py", "rules.py", "events.py", "store.py", "handlers.py", "settings.py", "app.py", "api.py"}
DRIVERS = {
    "motor": {"shared/platform/mongo.py"},
    "pymongo": {
        "shared/platform/mongo.py",
        "shared/platform/mongo_copy.py",
        "shared/platform/mongo_errors.py",
        "shared/platform/mongo_session.py",
    },
    "aiokafka": {
        "shared/platform/listener.py",
        "shared/platform/offsets.py",
        "shared/platform/relay.py",
        "shared/platform/setup.py",
        "shared/platform/topic_settings.py",
        "shared/platform/topics.py",
        "shared/platform/watch.py",
        "shared/platform/release.py",
    },
}
LONGEST_FUNCTION, LONGEST_MODULE = 45, 300


def test_there_are_the_four_services() -> None:
    assert SERVICES == ["intake", "notify", "procurement", "routing"]


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_the_same_files(service: str) -> None:
    folder = ROOT / "services" / service
    there = {path.name if path.is_file() else f"{path.name}.py" for path in folder.iterdir()}
    assert there >= FILES, f"services/{service} still owes {sorted(FILES - there)}"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_alone_with_shared_imports_and_passes_its_own_tests(service: str, tmp_path: Path) -> None:
    for part in ("shared", f"services/{service}", f"tests/{service}"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (
        "services/__init__.py",
        "tests/__init__.py",
        "tests/waiting.py",
        "tests/fake_clamd.py",
        "pyproject.toml",
    ):
        shutil.copy(ROOT / file, tmp_path / file)
    command = [sys.executable, "-m", "pytest", f"tests/{service}", "-m", "not servers", "-q", "-p", "no:cacheprovider"]
    command += ["--ignore-glob=*with_servers*"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_driver_is_opened_at_its_own_door_only(path: Path) -> None:
    place = str(path.relative_to(ROOT))
    if place.startswith(("stack/", "bench/")):
        return  # tools around the product, not the product
    for name in _imported(path) & DRIVERS.keys():
        assert place in DRIVERS[name], f"{place} opens {name}"


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_grows_too_big(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LONGEST_MODULE
    if path.parts[len(ROOT.parts)] == "bench":
        return  # the bare loop that ours is held against is one plain function on purpose
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, f"{path.name}:{node.name}"


def test_every_folder_of_code_is_a_package() -> None:
    bare = {path.parent for path in CODE if not (path.parent / "__init__.py").exists()}
    assert not bare


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names
