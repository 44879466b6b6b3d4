"""Put the sandbox's people, accounts and prices together under one seed.
Floor 8: the same seed gives the same world to the cent; the clock only decides how much of it is visible.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from fin_infra.sandbox.world.catalog import COINS, LISTINGS, NAMED_COIN_IDS
from fin_infra.sandbox.world.holdings import Portfolios
from fin_infra.sandbox.world.household import ENROLLMENTS, FIRST_DAY, AccountPlan, Enrollment
from fin_infra.sandbox.world.ledger import Ledger, Shown, Statements, ident
from fin_infra.sandbox.world.prices import Crypto, Equities, Fx, stream


@dataclass(frozen=True, slots=True)
class Account:
    """One bank account of the world with its ids and its ledger."""

    id: str
    enrollment_id: str
    last_four: str
    number: str
    routing: str
    plan: AccountPlan
    enrollment: Enrollment
    book: Ledger

    def balances(self, now: datetime) -> tuple[Decimal, Decimal]:
        """Return ledger and available: posted, and posted with pending; for a card owed, and what the limit leaves."""
        ledger = available = self.plan.opening
        for row in self.book.shown(now):
            available += row.amount
            ledger += row.amount if row.posted else 0
        limit = self.plan.credit_limit
        return ledger, available if limit is None else limit - available


class World:
    """Everything that is true in the sandbox for one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.fx = Fx(seed)
        self.equities = Equities(seed, self.fx)
        self.crypto = Crypto(seed)
        self.portfolios = Portfolios(seed, self.fx, self.equities, self.crypto)
        self.accounts: dict[str, Account] = {account.id: account for account in self._open_accounts()}

    def _open_accounts(self) -> Iterator[Account]:
        for enrollment in ENROLLMENTS:
            enrollment_id = ident("enr", stream(self.seed, "enrollment", enrollment.slug))
            card = next((plan for plan in enrollment.accounts if plan.is_credit), None)
            statement = Statements(Ledger(self.seed, card)).due if card else None
            for plan in enrollment.accounts:
                rng = stream(self.seed, "account", plan.slug)
                number = "".join(rng.choices("0123456789", k=12))
                yield Account(
                    id=ident("acc", rng),
                    enrollment_id=enrollment_id,
                    last_four=number[-4:],
                    number=number,
                    routing=_routing(rng.randint(0, 9_999_999)),
                    plan=plan,
                    enrollment=enrollment,
                    book=Ledger(self.seed, plan, statement),
                )

    def of_token(self, token: str) -> list[Account]:
        """Return the accounts that an access token reaches, none for an unknown token."""
        return [account for account in self.accounts.values() if account.enrollment.token == token]

    def summary(self, now: datetime) -> dict[str, object]:
        """Return the truths of this instant, for tests that check an adapter against the world."""
        return {
            "seed": self.seed,
            "now": now.isoformat().replace("+00:00", "Z"),
            "first_day": FIRST_DAY.isoformat(),
            "accounts": [_account_summary(account, now) for account in self.accounts.values()],
            "equities": self._equity_summary(now),
            "crypto_usd": {cid: _text(self.crypto.usd(cid, now)) for cid in NAMED_COIN_IDS if COINS[cid].active},
            "fx": self._fx_summary(now),
        }

    def _equity_summary(self, now: datetime) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for row in LISTINGS.values():
            day = self.equities.last_session(row, now)
            found[row.symbol] = {
                "close": str(self.equities.close(row, day)),
                "day": day.isoformat(),
                "currency": row.currency,
            }
        return found

    def _fx_summary(self, now: datetime) -> dict[str, object]:
        day = self.fx.published_day(now)
        rates = {code: str(self.fx.reference(code, day)) for code in self.fx.codes(day)}
        return {"base": "EUR", "date": day.isoformat(), "rates": rates}


def _routing(number: int) -> str:
    """Return a nine-digit routing number with a right check digit (weights 3, 7, 1)."""
    digits = f"0{number:07d}"
    total = sum(int(d) * w for d, w in zip(digits, (3, 7, 1, 3, 7, 1, 3, 7), strict=True))
    return f"{digits}{-total % 10}"


def _account_summary(account: Account, now: datetime) -> dict[str, object]:
    rows: list[Shown] = account.book.shown(now)
    ledger, available = account.balances(now)
    return {
        "id": account.id,
        "access_token": account.enrollment.token,
        "institution_id": account.enrollment.institution.id,
        "name": account.plan.name,
        "subtype": account.plan.subtype,
        "status": "closed" if account.plan.closed else "open",
        "opening_balance": _text(account.plan.opening),
        "ledger": _text(ledger),
        "available": _text(available),
        "posted_count": sum(row.posted for row in rows),
        "pending_count": sum(not row.posted for row in rows),
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
