"""MT940 and MT942 files: customer statements and interim reports of SWIFT.
Floor 4: `format` puts them together, `fields` cuts the file, `line` and `details` read a transaction."""

from fin_infra.imports.statements.mt940.format import Mt940

__all__ = ["Mt940"]
