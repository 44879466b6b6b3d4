"""The name under which `TellerClient` is documented; the adapter is in `fin_infra.providers.banking.teller`.
Floor 3: a re-export and nothing else."""

from fin_infra.providers.banking.teller import (
    BOOKS_KEPT,
    VERSION,
    Settings,
    TellerClient,
    Walk,
)

__all__ = ["BOOKS_KEPT", "VERSION", "Settings", "TellerClient", "Walk"]
