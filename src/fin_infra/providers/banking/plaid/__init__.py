"""Plaid: accounts, transactions, investments, debts and identity at banks of the United States, Canada and Europe.
Floor 3: `adapter` asks, the other rooms read what comes back; Plaid's amounts are positive for money out."""

from fin_infra.providers.banking.plaid.adapter import VERSION, Plaid
from fin_infra.providers.banking.plaid.settings import Settings

__all__ = ["VERSION", "Plaid", "Settings"]
