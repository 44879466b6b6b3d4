"""What importing us loads: proved in fresh interpreters, by `sys.modules`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = [
    "aiohttp",
    "anyio",
    "fastapi",
    "h11",
    "httpcore2",
    "httpx",
    "httpx2",
    "msgspec",
    "numpy",
    "pandas",
    "prometheus_client",
    "pydantic",
    "pydantic_settings",
    "requests",
    "rich",
    "sqlalchemy",
    "starlette",
    "stdnum",
    "svc_infra",
    "typer",
    "uvicorn",
    "yaml",
]


def loaded(statement: str) -> set[str]:
    code = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=120)
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


@pytest.mark.parametrize(
    "statement",
    [
        "import fin_infra",
        "import fin_infra.errors",
        "import fin_infra.model",
        "import fin_infra.flow",
        "import fin_infra.transport",
        "import fin_infra.transport.http",
        "import fin_infra.transport.replay",
        "import fin_infra.security",
    ],
)
def test_import_when_nothing_is_used_yet_then_loads_nothing_heavy(statement: str) -> None:
    assert loaded(statement) & set(HEAVY) == set()


def test_import_when_package_comes_then_brings_no_event_loop_and_no_network() -> None:
    assert loaded("import fin_infra") & {"asyncio", "ssl", "socket", "http", "concurrent"} == set()


def test_probe_when_a_heavy_module_is_imported_then_sees_it() -> None:
    assert {"msgspec", "yaml"} <= loaded("import fin_infra, msgspec, yaml")
