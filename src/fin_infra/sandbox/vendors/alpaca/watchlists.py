"""Answer Alpaca's watchlist paths: create, read, rename, add, remove, delete.
Floor 8: lists live with the account until the next reset.
"""

from __future__ import annotations

from typing import cast

from starlette.responses import Response

from fin_infra.sandbox.broker import tickets
from fin_infra.sandbox.broker.assets import Asset, random_uuid
from fin_infra.sandbox.broker.broker import Watchlist
from fin_infra.sandbox.broker.refusals import invalid, missing, unprocessable
from fin_infra.sandbox.kernel.reply import json_reply
from fin_infra.sandbox.vendors.alpaca import replies
from fin_infra.sandbox.vendors.alpaca.call import Call


class WatchlistsApi:
    """The watchlist paths."""

    def list(self, call: Call) -> Response:
        """Answer every list without its assets."""
        rows = call.broker.watchlists[call.engine.api_key].values()
        return json_reply([_shown(call, found, with_assets=False) for found in rows])

    def create(self, call: Call) -> Response:
        """Make a list; its name must be new."""
        mine = call.broker.watchlists[call.engine.api_key]
        name = tickets.word(call.body, "name")
        if not name or len(name) > 64:
            raise invalid("name must have from 1 to 64 characters")
        if any(found.name == name for found in mine.values()):
            raise unprocessable("watchlist name must be unique")
        assets = _assets(call)
        call.broker.lists_made += 1
        ident = random_uuid(call.broker.market.seed, call.engine.api_key, "watchlist", call.broker.lists_made)
        mine[ident] = Watchlist(ident, name, call.now, call.now, assets)
        return json_reply(_shown(call, mine[ident]))

    def get(self, call: Call) -> Response:
        """Answer one list with its assets."""
        return json_reply(_shown(call, self._one(call)))

    def update(self, call: Call) -> Response:
        """Rename a list, replace its assets, or both."""
        found = self._one(call)
        found.name = tickets.word(call.body, "name") or found.name
        if "symbols" in call.body:
            found.assets = _assets(call)
        found.updated_at = call.now
        return json_reply(_shown(call, found))

    def add(self, call: Call) -> Response:
        """Add an asset at the end of a list."""
        found, asset = self._one(call), tickets.find(tickets.word(call.body, "symbol"), call.assets)
        if any(asset.symbol == each.symbol for each in found.assets):
            raise unprocessable("duplicate symbol")
        found.assets.append(asset)
        found.updated_at = call.now
        return json_reply(_shown(call, found))

    def remove(self, call: Call) -> Response:
        """Take an asset off a list."""
        found, wanted = self._one(call), call.path("symbol")
        kept = [asset for asset in found.assets if wanted not in (asset.symbol, asset.position_symbol, asset.id)]
        if len(kept) == len(found.assets):
            raise missing(f"symbol not found in watchlist: {wanted}")
        found.assets, found.updated_at = kept, call.now
        return json_reply(_shown(call, found))

    def delete(self, call: Call) -> Response:
        """Delete a list."""
        del call.broker.watchlists[call.engine.api_key][self._one(call).id]
        return Response(status_code=204)

    def _one(self, call: Call) -> Watchlist:
        wanted = call.path("list_id")
        found = call.broker.watchlists[call.engine.api_key].get(wanted)
        if found is None:
            raise missing(f"watchlist not found for {wanted}")
        return found


def _assets(call: Call) -> list[Asset]:
    given = call.body.get("symbols")
    if given is not None and not isinstance(given, list):
        raise invalid("symbols must be a list")
    symbols = map(str, cast("list[object]", given or []))
    return [tickets.find(symbol, call.assets) for symbol in dict.fromkeys(symbols)]


def _shown(call: Call, found: Watchlist, *, with_assets: bool = True) -> dict[str, object]:
    row: dict[str, object] = {
        "id": found.id,
        "account_id": call.engine.id,
        "created_at": replies.stamp(found.created_at),
        "updated_at": replies.stamp(found.updated_at),
        "name": found.name,
    }
    if with_assets:
        tape = call.broker.market.tape
        row["assets"] = [replies.asset(asset, tape.last(asset, call.now)) for asset in found.assets]
    return row
