"""CoinGecko in the suite of crypto data."""

from __future__ import annotations

from datetime import timedelta

from fin_infra.model import Interval
from fin_infra.providers.crypto.coingecko.adapter import CoinGecko
from tests.support.rows import Crypto

ROW = Crypto(
    cls=CoinGecko,
    candles=(
        (1, Interval.MIN_30, timedelta(minutes=30)),
        (30, Interval.HOUR_4, timedelta(hours=4)),
        (365, Interval.DAY_4, timedelta(days=4)),
    ),
    chart=((timedelta(hours=20), 300), (timedelta(days=30), 3600), (timedelta(days=120), 86400)),
    days_not_offered=8,
    history=timedelta(days=365),
)
