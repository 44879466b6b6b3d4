"""Teller: bank accounts, balances, transactions and identity in the United States.
Floor 3: `adapter` asks, `payloads` reads what comes back, `webhook` checks what Teller sends."""

from fin_infra.providers.banking.teller.adapter import (
    BOOKS_KEPT,
    VERSION,
    Settings,
    TellerClient,
    Walk,
)

__all__ = ["BOOKS_KEPT", "VERSION", "Settings", "TellerClient", "Walk"]
