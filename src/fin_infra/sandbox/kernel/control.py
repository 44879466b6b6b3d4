"""Serve the control plane under /_sandbox: reset, clock, faults, the request log, quotas and the world's truths.
Floor 8: JSON in and out; what cannot be done answers 422 with one sentence under "error".
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from fin_infra.sandbox.kernel.faults import KINDS, VENDORS, kinds_of
from fin_infra.sandbox.kernel.reply import json_reply
from fin_infra.sandbox.kernel.state import SEED_LIMIT, Sandbox
from fin_infra.sandbox.vendors.alpaca import control
from fin_infra.sandbox.vendors.finastra.login import MAX_TTL_S, TENANTS
from fin_infra.sandbox.vendors.finastra.routes import LIST_SHAPES
from fin_infra.sandbox.vendors.snaptrade.control import SnapTradeControl

Call = Callable[[dict[str, object], Request], object]


def router(sandbox: Sandbox) -> Router:
    """Return the control plane."""
    plane, snaptrade = ControlPlane(sandbox), SnapTradeControl(sandbox)
    table: list[tuple[str, str, Call]] = [
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
        ("GET", "/quotas", plane.quotas),
        ("POST", "/quotas", plane.set_quotas),
        ("GET", "/finastra", plane.finastra),
        ("POST", "/finastra", plane.set_finastra),
        ("POST", "/finastra/keys", plane.add_finastra_key),
        ("GET", "/world", plane.world),
        ("GET", "/alpaca", plane.alpaca),
        ("POST", "/alpaca", plane.change_alpaca),
        ("GET", "/snaptrade", snaptrade.tell),
        ("POST", "/snaptrade", snaptrade.change),
    ]
    return Router(
        [Route(path, _endpoint(call), methods=[method]) for method, path, call in table], redirect_slashes=False
    )


def _endpoint(call: Call) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return json_reply(call(_object(await request.body()), request))
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


def _only(body: dict[str, object], *names: str) -> None:
    for name in body:
        if name not in names:
            raise ValueError(f"Unknown field {name!r}; this takes {', '.join(names)}.")


class ControlPlane:
    """What each control path does."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def about(self, _: dict[str, object], __: Request) -> object:
        """Say what runs here and how it stands."""
        sandbox = self._sandbox
        state = {"seed": sandbox.world.seed, "faults": len(sandbox.faults.all()), "vendors": list(VENDORS)}
        return {"sandbox": "fin-infra", **self._time(), **state}

    def reset(self, body: dict[str, object], request: Request) -> object:
        """Start again, with `seed` if given: world, clock, faults, log, revocations and quotas."""
        _only(body, "seed")
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
        _only(body, "set", "advance_s")
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
        self._sandbox.desk.catch_up()
        return self._time()

    def faults(self, _: dict[str, object], __: Request) -> object:
        """List the faults that are on and the kinds each vendor knows."""
        vendors = {vendor: kinds_of(vendor) for vendor in VENDORS}
        return {
            "faults": [fault.describe() for fault in self._sandbox.faults.all()],
            "kinds": KINDS,
            "vendors": vendors,
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

    def quotas(self, _: dict[str, object], __: Request) -> object:
        """Tell whether Alpha Vantage's free quotas are enforced."""
        return {"alpha-vantage": {"enforced": self._sandbox.quota.enforced, "per_day": 25, "per_second": 1}}

    def set_quotas(self, body: dict[str, object], request: Request) -> object:
        """Switch the enforcement of Alpha Vantage's free quotas on or off; the day's count starts anew."""
        _only(body, "enforce")
        if not isinstance(body.get("enforce"), bool):
            raise ValueError('Give {"enforce": true} or {"enforce": false}.')
        self._sandbox.quota = type(self._sandbox.quota)(enforced=bool(body["enforce"]))
        return self.quotas({}, request)

    def alpaca(self, _: dict[str, object], __: Request) -> object:
        """Tell the truth about the broker's accounts: sums, positions, every order, the ledger."""
        return control.describe(self._sandbox)

    def change_alpaca(self, body: dict[str, object], _: Request) -> object:
        """Pay in, set permissions, asset flags and how orders are filled; close the streams; open the accounts anew."""
        return control.change(self._sandbox, body)

    def finastra(self, _: dict[str, object], __: Request) -> object:
        """Tell how Finastra's tokens and lists are set up, and how many tokens were issued."""
        login = self._sandbox.finastra
        return {
            "token_ttl_s": login.ttl_s,
            "list_shape": self._sandbox.collateral_list_shape,
            "tokens_issued": login.issued,
            "keys": login.keys(),
            "tenants": list(TENANTS),
        }

    def set_finastra(self, body: dict[str, object], request: Request) -> object:
        """Set how long new tokens last and which shape collateral lists have, or revoke all tokens."""
        _only(body, "token_ttl_s", "list_shape", "revoke")
        sandbox = self._sandbox
        ttl_s = body.get("token_ttl_s", sandbox.finastra.ttl_s)
        if isinstance(ttl_s, bool) or not isinstance(ttl_s, int) or not 1 <= ttl_s <= MAX_TTL_S:
            raise ValueError(f"`token_ttl_s` must be a whole number from 1 to {MAX_TTL_S}.")
        shape = body.get("list_shape", sandbox.collateral_list_shape)
        if shape not in LIST_SHAPES:
            raise ValueError(f"`list_shape` must be one of {', '.join(LIST_SHAPES)}.")
        if body.get("revoke", True) is not True:
            raise ValueError('`revoke` can only be true: {"revoke": true} ends every token that was issued.')
        sandbox.finastra.ttl_s, sandbox.collateral_list_shape = ttl_s, str(shape)
        if "revoke" in body:
            sandbox.finastra.revoke()
        return self.finastra({}, request)

    def add_finastra_key(self, body: dict[str, object], _: Request) -> object:
        """Register a client's public key, with which its assertions are verified."""
        _only(body, "client_id", "kid", "public_key")
        self._sandbox.finastra.register(body.get("client_id"), body.get("kid"), body.get("public_key"))
        return {"keys": self._sandbox.finastra.keys()}

    def world(self, _: dict[str, object], __: Request) -> object:
        """Tell the truths of this instant: accounts, balances, counts, closes, coin prices and rates."""
        return self._sandbox.world.summary(self._sandbox.clock.now)
