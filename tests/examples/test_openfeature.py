"""The hook for OpenFeature: one tenant may, another may not, and a flag service that is down changes nothing."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fin_infra import features
from fin_infra.features import acting, enabled
from fin_infra.providers import registry

pytest.importorskip("openfeature", reason="openfeature-sdk comes with the dev extra")
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "openfeature" / "switches.py"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
    registry.reset()
    spec = importlib.util.spec_from_file_location("openfeature_switches", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    yield module
    features.install(None)
    registry.reset()


def test_example_when_run_then_the_pilot_may_and_the_other_may_not(
    example: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    example.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "pilot may ask market:alpha_vantage"
    assert lines[1].startswith("acme may not: market is switched off for this caller (market)")


def test_hook_when_a_flag_is_missing_or_of_another_type_then_the_environment_decides(
    example: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openfeature import api
    from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

    api.set_provider(InMemoryProvider({"fin-infra.fx": InMemoryFlag("on", {"on": "a word"})}))
    features.install(example.openfeature_hook(api.get_client()))
    with acting("acme", "ada"):
        assert enabled("banking")
        assert enabled("fx")
        monkeypatch.setenv("FEATURE_BANKING", "0")
        assert not enabled("banking")
