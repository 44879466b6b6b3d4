"""Serve the control plane under /_sandbox: reset, clock, faults, requests, the world's truths, and the vendors' own.
Floor 8: JSON in and out; what cannot be done answers 422 with one sentence under "error".
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from inspect import isawaitable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from fin_infra.sandbox.kernel.faults import KINDS
from fin_infra.sandbox.kernel.reply import json_reply
from fin_infra.sandbox.kernel.state import SEED_LIMIT, Sandbox
from fin_infra.sandbox.kernel.vendor import ControlCall, only


def router(sandbox: Sandbox) -> Router:
    """Return the control plane."""
    plane = ControlPlane(sandbox)
    table: list[tuple[str, str, ControlCall]] = [
        ("GET", "/", plane.about),
        ("POST", "/reset", plane.reset),
        ("GET", "/clock", plane.clock),
        ("POST", "/clock", plane.move_clock),
        ("GET", "/faults", plane.faults),
        ("POST", "/faults", plane.add_fault),
        ("DELETE", "/faults", plane.clear_faults),
        ("DELETE", "/faults/{fault_id}", plane.remove_fault),
        ("GET", "/requests", plane.requests),
        ("DELETE", "/requests", plane.forget_requests),
        ("GET", "/world", plane.world),
        *(row for vendor in sandbox.vendors.values() for row in vendor.control()),
    ]
    return Router(
        [Route(path, _endpoint(call), methods=[method]) for method, path, call in table], redirect_slashes=False
    )


def _endpoint(call: ControlCall) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            found = call(_object(await request.body()), request)
            return json_reply(await found if isawaitable(found) else found)
        except ValueError as wrong:
            return json_reply({"error": str(wrong)}, 422)
        except LookupError as missing:
            return json_reply({"error": str(missing.args[0])}, 404)

    return endpoint


def _object(body: bytes) -> dict[str, object]:
    if not body.strip():
        return {}
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("The body must be JSON.") from None
    if not isinstance(found, dict):
        raise ValueError("The body must be a JSON object.")
    return found  # pyright: ignore[reportUnknownVariableType]  # JSON object keys are text


class ControlPlane:
    """What each control path does."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def about(self, _: dict[str, object], __: Request) -> object:
        """Say what runs here and how it stands."""
        sandbox = self._sandbox
        state = {"seed": sandbox.world.seed, "faults": len(sandbox.faults.all()), "vendors": list(sandbox.vendors)}
        return {"sandbox": "fin-infra", **self._time(), **state}

    def reset(self, body: dict[str, object], request: Request) -> object:
        """Start again, with `seed` if given: world, clock, faults, log, revocations and quotas."""
        only(body, "seed")
        seed = body.get("seed")
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < SEED_LIMIT):
            raise ValueError("`seed` must be a whole number, zero or more.")
        self._sandbox.reset(seed)
        return self.about({}, request)

    def _time(self) -> dict[str, object]:
        return {"now": self._sandbox.clock.now.isoformat().replace("+00:00", "Z")}

    def clock(self, _: dict[str, object], __: Request) -> object:
        """Tell the time."""
        return self._time()

    def move_clock(self, body: dict[str, object], _: Request) -> object:
        """Move the clock by `advance_s` seconds or to the instant `set`."""
        only(body, "set", "advance_s")
        if len(body) != 1:
            raise ValueError('Give either {"set": "2026-11-21T09:00:00Z"} or {"advance_s": 3600}.')
        if "set" in body:
            try:
                instant = datetime.fromisoformat(str(body["set"]))
            except ValueError:
                raise ValueError("`set` must be an ISO 8601 instant, for example 2026-11-21T09:00:00Z.") from None
            self._sandbox.clock.set(instant)
        else:
            seconds = body["advance_s"]
            if isinstance(seconds, bool) or not isinstance(seconds, int | float):
                raise ValueError("`advance_s` must be a number of seconds.")
            self._sandbox.clock.advance(seconds)
        self._sandbox.clock_moved()
        return self._time()

    def faults(self, _: dict[str, object], __: Request) -> object:
        """List the faults that are on and the kinds each vendor knows."""
        sandbox = self._sandbox
        own = {kind: text for vendor in sandbox.vendors.values() for kind, text in vendor.fault_kinds.items()}
        return {
            "faults": [fault.describe() for fault in sandbox.faults.all()],
            "kinds": {**KINDS, **own},
            "vendors": {mount: list(kinds) for mount, kinds in sandbox.kinds.items()},
        }

    def add_fault(self, body: dict[str, object], _: Request) -> object:
        """Switch a fault on."""
        return self._sandbox.faults.add(body).describe()

    def clear_faults(self, _: dict[str, object], __: Request) -> object:
        """Switch all faults off."""
        self._sandbox.faults.clear()
        return {"faults": []}

    def remove_fault(self, _: dict[str, object], request: Request) -> object:
        """Switch one fault off."""
        ident = request.path_params["fault_id"]
        if not self._sandbox.faults.remove(ident):
            raise LookupError(f"There is no fault {ident!r}; list them with GET /_sandbox/faults.")
        return {"removed": ident}

    def requests(self, _: dict[str, object], __: Request) -> object:
        """List what arrived, oldest first."""
        return {"requests": self._sandbox.log.rows()}

    def forget_requests(self, _: dict[str, object], __: Request) -> object:
        """Empty the log."""
        self._sandbox.log.clear()
        return {"requests": []}

    def world(self, _: dict[str, object], __: Request) -> object:
        """Return the truths of this instant: accounts, balances, counts, closes, coin prices and rates."""
        sandbox = self._sandbox
        found = sandbox.world.summary(sandbox.clock.now)
        for vendor in sandbox.vendors.values():
            found |= vendor.truths(sandbox.clock.now)
        return found
