"""The name under which `TellerClient` is documented; the adapter is in `fin_infra.providers.banking.teller`.
Floor 3: a re-export and nothing else."""

from typing import TYPE_CHECKING

from fin_infra._moved import renamed
from fin_infra.providers.banking.teller import POLARITIES_KEPT, VERSION, Settings, TellerClient, TransactionCursor

__all__ = ["POLARITIES_KEPT", "VERSION", "Settings", "TellerClient", "TransactionCursor"]

if not TYPE_CHECKING:  # checkers go on refusing names that do not exist
    __getattr__ = renamed(
        __name__,
        {
            "BOOKS_KEPT": "fin_infra.providers.banking.teller.adapter.POLARITIES_KEPT",
            "Walk": "fin_infra.providers.banking.teller.adapter.TransactionCursor",
        },
    )
