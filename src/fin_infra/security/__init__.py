"""Keeping secrets and personal data out of sight.
Floor 2: what a person or a log file may see goes through here."""

from typing import TYPE_CHECKING

from fin_infra._moved import renamed
from fin_infra.security.pii import KNOWN, PiiFilter, mask, mask_value

__all__ = ["KNOWN", "PiiFilter", "mask", "mask_value"]

if not TYPE_CHECKING:
    __getattr__ = renamed(
        __name__,
        {
            "RedactingFilter": "fin_infra.security.pii.PiiFilter",
            "redact": "fin_infra.security.pii.mask",
            "redact_value": "fin_infra.security.pii.mask_value",
        },
    )
