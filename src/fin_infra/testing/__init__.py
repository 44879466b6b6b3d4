"""Test your app against the sandbox, in process: `with sandbox() as world:`, or the pytest fixture of that name.
Floor 8: needs the extra `sandbox`; nothing is imported until it is used, since pytest loads the fixture in every run.

    with sandbox() as world:
        world.fault(vendor="teller", kind="rate_limit", count=1)
        accounts = easy_banking().accounts()
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fin_infra.arguments import checked

__all__ = ["Sandbox", "point_at", "sandbox"]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox, spoken to through its control plane; the page "The sandbox" has all that it understands."""

    url: str

    @checked
    def control(self, path: str, body: Any = None, *, method: str | None = None) -> Any:
        """Ask the control plane below `/_sandbox/`, with POST where there is a body; return its answer.

        Raises:
            InvalidInput: it refuses the request; the text says why.
        """
        import ssl

        import httpx2

        from fin_infra.errors import InvalidInput

        verb = method or ("GET" if body is None else "POST")
        nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # http needs none, and loading them takes longer
        with httpx2.Client(base_url=self.url, trust_env=False, timeout=30, verify=nobody) as client:
            reply = client.request(verb, f"/_sandbox/{path}", json=body)
        if reply.is_error:
            raise InvalidInput(f"The sandbox refuses {verb} /_sandbox/{path}: {reply.text}")
        return reply.json() if reply.content else None

    def world(self) -> Any:
        """Return what is true in the sandbox, as it says itself: the expected values of your tests."""
        return self.control("world")

    def fault(self, **fault: Any) -> None:
        """Make a vendor fail from now on, for example `vendor="teller", kind="rate_limit", count=2`."""
        self.control("faults", fault)

    @checked
    def advance(self, by: timedelta) -> None:
        """Move the sandbox's clock forward: pending transactions post, sessions end, orders are filled."""
        self.control("clock", {"advance_s": by.total_seconds()})

    @checked
    def travel(self, to: datetime) -> None:
        """Set the sandbox's clock to an aware instant that is later than its own."""
        self.control("clock", {"set": to.isoformat()})

    @checked
    def reset(self, seed: int = 7) -> None:
        """Go back to the first day; equal seeds make equal worlds, to the cent."""
        self.control("reset", {"seed": seed})


@checked
@contextmanager
def sandbox(*, seed: int = 7) -> Generator[Sandbox]:
    """Run a sandbox in this process and lead every provider to it, whatever keys the environment has.

    At the end the environment is what it was, and providers opened inside are not handed out again. Two at a time in
    one process would lead to each other's vendors; use one for all threads and tasks of a test.

    Raises:
        SandboxError: it cannot start, for example because the extra `sandbox` is not installed.
    """
    from fin_infra.providers.registry import reset
    from fin_infra.sandbox import running

    before = dict(os.environ)
    with running(seed=seed) as url:
        try:
            point_at(url)
            reset()
            yield Sandbox(url)
        finally:
            os.environ.clear()
            os.environ.update(before)
            reset()


def point_at(url: str) -> None:
    """Lead this process to the sandbox at `url`, whatever the vendors' variables say."""
    from fin_infra.sandbox import environment

    variables = environment(url)
    vendors = (*(name.removesuffix("BASE_URL") for name in variables if name.endswith("_BASE_URL")), "FINASTRA_")
    for name in [name for name in os.environ if name.startswith(vendors)]:
        del os.environ[name]  # a paid plan or a certificate of yours does not go with the sandbox's keys
    os.environ |= variables  # base URLs among them: those of a fin-infra.yaml would lead elsewhere
    os.environ["FIN_INFRA_SANDBOX_URL"] = url
