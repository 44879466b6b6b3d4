"""Teller: bank accounts, balances, transactions and identity in the United States.
Floor 3: `adapter` asks, `payloads` reads what comes back, `webhook` checks what Teller sends."""

from fin_infra.providers.banking.teller.adapter import Settings, TellerClient

__all__ = ["Settings", "TellerClient"]
