"""Which tier a test belongs to, and which worker it runs on: marks and groups that no test has to name itself.

`matrix`, `witness`, `acceptance` and `long` go by folder or file name; a test elsewhere that asks everything of
everything says `matrix` itself. `process` is read off the code: a test is one if it, or a fixture it asks for, uses
`subprocess` or runs the sandbox or the service as a server. In `make quick` neither works, so that a test which hides
it cannot slip in.
"""

from __future__ import annotations

import inspect
import subprocess
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
import uvicorn

from fin_infra.sandbox import running
from fin_infra.testing import sandbox

TESTS = Path(__file__).resolve().parents[1]
BY_FILE: Mapping[str, str] = {
    "conformance/test_faults.py": "matrix",
    "conformance/test_secrets.py": "matrix",
    "sandbox/vendors/*/test_official*.py": "witness",
    "*/test_witness.py": "witness",
    "acceptance/*": "acceptance",
    "long/*": "long",
}
LEFT_OUT: Mapping[str, frozenset[str]] = {
    "quick": frozenset({"matrix", "process", "witness", "acceptance", "long"}),
    "test": frozenset({"long"}),
    "long": frozenset(),
}
STARTERS = (subprocess, uvicorn, running, sandbox)


def mark(item: pytest.Item) -> None:
    """Give a test the marks of its tier and the group that keeps its expensive fixtures on one worker."""
    path = item.path.relative_to(TESTS).as_posix()
    for pattern, name in BY_FILE.items():
        if fnmatch(path, pattern):
            item.add_marker(name)
    if any(starts(function) for function in _functions(item)):
        item.add_marker("process")
    if item.get_closest_marker("xdist_group") is None:
        item.add_marker(pytest.mark.xdist_group(_group(item, path.removesuffix(".py"))))


def left_out(item: pytest.Item, tier: str) -> bool:
    """Return whether this tier does without a test."""
    return any(marker.name in LEFT_OUT[tier] for marker in item.iter_markers())


def _group(item: pytest.Item, path: str) -> str:
    """Return the vendor for the matrix, whose one file is too long for one worker, and the file for everything else."""
    cls = item.callspec.params.get("cls") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None
    return f"{path}-{cls.info.provider_key}" if cls is not None and item.get_closest_marker("matrix") else path


def _functions(item: pytest.Item) -> Iterator[Any]:
    if isinstance(item, pytest.Function):
        yield item.function
        for found in item._fixtureinfo.name2fixturedefs.values():  # the only list of what a test asks for
            yield from (fixture.func for fixture in found)


def starts(function: Any, seen: set[int] | None = None) -> bool:
    """Return whether code of the tests reaches a process or a server, through whatever else of the tests it uses."""
    seen = set() if seen is None else seen
    function = getattr(getattr(function, "hypothesis", None), "inner_test", function)
    function = inspect.unwrap(function)
    if id(function) in seen:
        return False
    seen.add(id(function))
    if inspect.isclass(function):
        return any(starts(part, seen) for part in vars(function).values() if inspect.isfunction(part))
    if not inspect.isfunction(function):
        return False
    used = [function.__globals__[name] for name in _names(function.__code__) if name in function.__globals__]
    if any(one in STARTERS for one in used if inspect.ismodule(one) or inspect.isfunction(one)):
        return True
    return any(starts(one, seen) for one in used if str(getattr(one, "__module__", "")).startswith("tests."))


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _names(part)


class Refused(AssertionError):
    """A test of `make quick` started something."""


def refuse_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing start a process or serve the sandbox until `monkeypatch` is undone."""

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise Refused("this test starts a process or a server; mark it @pytest.mark.process")

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    monkeypatch.setattr(subprocess.Popen, "__del__", lambda self: None)
    monkeypatch.setattr(uvicorn.Server, "__init__", refuse)
