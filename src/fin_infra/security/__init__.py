"""Keeping secrets out of sight.
Floor 2: what a person or a log file may see goes through here."""

from fin_infra.security.redact import RedactingFilter, redact, redact_value

__all__ = ["RedactingFilter", "redact", "redact_value"]
