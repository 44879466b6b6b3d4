"""What need not be asked again for every order: instruments that could be traded when they were looked up today.
Floor 2: it only ever lets an order through; whatever is refused, by us or by the broker, has it ask again."""

from __future__ import annotations

from datetime import date

from fin_infra.model import Asset, InstrumentKey


class KnownAssets:
    """The assets of one day, by the broker's clock. Threads, tasks and forked processes may share it.

    Only what was active and tradable is kept, and nothing that moves with the price, as a coin's smallest order does.
    Prices, halts and the account are never here. That an instrument has ceased to be tradable since then, the broker
    says when the order arrives.
    """

    def __init__(self) -> None:
        self._kept: tuple[date, dict[InstrumentKey, Asset]] = (date.min, {})

    def of(self, key: InstrumentKey, day: date) -> Asset | None:
        """Return the asset as it was found on `day`, or None."""
        kept_on, assets = self._kept
        return assets.get(key) if kept_on == day else None

    def keep(self, key: InstrumentKey, day: date, asset: Asset) -> None:
        """Keep an asset for `day`, and with it nothing of any other day."""
        if not (asset.active and asset.tradable) or asset.min_order_size is not None:
            return
        kept_on, assets = self._kept
        self._kept = (day, {**(assets if kept_on == day else {}), key: asset})

    def forget(self) -> None:
        """Ask again for everything."""
        self._kept = (date.min, {})
