"""The household of the demo: a book in a folder of its own, filled from the sandbox before anybody looks.
Floor 8: what a user would do with `fin-infra connect` and `import`, in one go."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from fin_infra.errors import FeatureDisabled, InvalidInput
from fin_infra.imports.statements import read_entry
from fin_infra.model import Money
from fin_infra.providers.registry import built_in_default, installed_keys, provider_class
from fin_infra.questions.net_worth import parse_holdings
from fin_infra.sandbox.kernel.clock import DEFAULT_START

USER = "demo"
HOLDINGS = "US:AAPL=10,CRYPTO:bitcoin=0.25"
"""What the household holds besides its accounts, so that prices show in the net worth."""
_STATEMENT = """OFXHEADER:100

<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD
<BANKACCTFROM><BANKID>325081403<ACCTID>7700124419<ACCTTYPE>SAVINGS</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20261101<DTEND>20261119
<STMTTRN><TRNTYPE>INT<DTPOSTED>20261116<TRNAMT>18.42<FITID>1<NAME>INTEREST</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>6218.42<DTASOF>20261119</LEDGERBAL>
</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"""
"""A statement of a credit union that nobody connects, as its website gives it."""
_HIDDEN = ("SQL_URL", "FIN_INFRA_VAULT_KEYS", "FIN_INFRA_VAULT_KEYS_FILE")
"""Variables of a book of your own, which the demo stays away from."""


@contextmanager
def household(statements: Sequence[Path] = (), clock: Callable[[], datetime] | None = None) -> Generator[None]:
    """Make the book in a folder that is gone at the end, and fill it with what there is."""
    before = {name: os.environ.get(name) for name in ("XDG_DATA_HOME", *_HIDDEN)}
    with TemporaryDirectory(prefix="fin-infra-book-", ignore_cleanup_errors=True) as folder:
        for name in _HIDDEN:
            os.environ.pop(name, None)
        os.environ["XDG_DATA_HOME"] = folder
        try:
            _fill(statements, clock or running_clock())
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


def running_clock() -> Callable[[], datetime]:
    """Return the sandbox's time at its start, going on with ours: balances, prices and the book are of one day."""
    began = monotonic()
    return lambda: DEFAULT_START + timedelta(seconds=monotonic() - began)


def _fill(statements: Sequence[Path], clock: Callable[[], datetime]) -> None:
    from fin_infra.book import open_book

    book = open_book(user=USER, clock=clock)
    for provider in _providers():
        info = provider_class(provider).info
        login: dict[str, Any] = {
            name: value for name, value in info.sandbox.items() if name in info.settings.login_fields()
        }
        with suppress(InvalidInput, FeatureDisabled):  # its accounts cannot be remembered, or it is switched off
            book.connect(provider, **login)
    book.import_statement(_STATEMENT.encode(), name="credit-union.ofx", new_account=True)
    for file in statements:
        book.import_statement(read_entry(str(file)), name=file.name.partition("?")[0], new_account=True)
    book.add_asset("House", "house", Money.of("385000", "USD"))
    for holding in parse_holdings(HOLDINGS.split(",")):
        book.set_holding(holding.key, holding.quantity)
    book.fill_history()
    book.engine.dispose()


def _providers() -> list[str]:
    """Return whose logins are connected: the usual bank, and every broker and aggregator."""
    bank = [f"banking:{vendor}" for vendor in built_in_default("banking")]
    return [*bank, *installed_keys("brokerage")]


def months(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, str, Decimal, Decimal]]:
    """Return month, currency, money in and money out of posted transactions, the newest month first.

    Transfers between own accounts are in both, as the bank tells them.
    """
    received: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    spent: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["status"] == "posted":
            amount, month = Decimal(row["amount"]["amount"]), (row["date"][:7], row["amount"]["currency"])
            received[month] += max(amount, Decimal(0))
            spent[month] -= min(amount, Decimal(0))
    return [(*month, received[month], spent[month]) for month in sorted(received, reverse=True)]
