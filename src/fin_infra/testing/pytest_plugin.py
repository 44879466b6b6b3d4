"""The fixture `fin_infra_sandbox`, there in every pytest run where this package is installed.
Floor 8: pytest loads this module at its start, so it imports pytest and nothing else until the fixture is used."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fin_infra.testing import Sandbox


@pytest.fixture
def fin_infra_sandbox() -> Generator[Sandbox]:
    """A sandbox for one test: every provider that the test opens goes there; see `fin_infra.testing.sandbox`."""
    from fin_infra.testing import sandbox

    with sandbox() as world:
        yield world
