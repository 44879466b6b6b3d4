"""How much is tried: the tier of this run, and what it makes of the figures that tests name.

`FIN_INFRA_TEST_TIER` is quick, test (the default) or long; the Makefile's targets of those names set it. Tests name the
full figure, `effort(200)` or `share(10_000, test=1_500, quick=200)`, and `long` tries exactly that.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from hypothesis import HealthCheck, settings

EXAMPLES: Mapping[str, int] = {"quick": 25, "test": 100, "long": 200}
"""What each tier makes of 200 examples, and how many a property tries that names no figure."""
FULL = EXAMPLES["long"]
LEAST = 10
"""Properties that name fewer than this are tried in full in every tier."""
TIER = os.environ.get("FIN_INFRA_TEST_TIER", "test")
if TIER not in EXAMPLES:
    raise ValueError(f"FIN_INFRA_TEST_TIER is {TIER!r}; choose one of {', '.join(EXAMPLES)}.")

BUSY = (HealthCheck.too_slow,)
"""Measures the machine and not the code: no test may fail because something else runs beside it."""
SHARED = [*BUSY, HealthCheck.function_scoped_fixture]
"""For a property whose fixture is meant to be the same one for all examples."""


def register() -> None:
    """Make the three profiles known to Hypothesis and load that of this tier; once, before any test is imported."""
    for tier, examples in EXAMPLES.items():
        settings.register_profile(tier, max_examples=examples, deadline=None, suppress_health_check=BUSY)
    settings.load_profile(TIER)


def effort(full: int) -> int:
    """Return how many examples this tier tries of a property that deserves `full`."""
    return min(full, max(LEAST, full * EXAMPLES[TIER] // FULL))


def share(full: int, *, test: int, quick: int) -> int:
    """Return the figure of this tier where tiers are too far apart for `effort`: schedules, histories, mutations."""
    return {"quick": quick, "test": test, "long": full}[TIER]
