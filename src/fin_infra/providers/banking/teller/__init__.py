"""Teller: bank accounts, balances, transactions and identity in the United States.
Floor 3: `adapter` asks, `payloads` reads what comes back, `webhook` checks what Teller sends."""

from typing import TYPE_CHECKING

from fin_infra._moved import renamed
from fin_infra.providers.banking.teller.adapter import (
    POLARITIES_KEPT,
    VERSION,
    Settings,
    TellerClient,
    TransactionCursor,
)

__all__ = ["POLARITIES_KEPT", "VERSION", "Settings", "TellerClient", "TransactionCursor"]

if not TYPE_CHECKING:  # checkers go on refusing names that do not exist
    __getattr__ = renamed(
        __name__,
        {
            "BOOKS_KEPT": "fin_infra.providers.banking.teller.adapter.POLARITIES_KEPT",
            "Walk": "fin_infra.providers.banking.teller.adapter.TransactionCursor",
        },
    )
