"""BAI2 files: balance and transaction reports of banks in North America.
Floor 4: `format` reads groups and accounts, `record` cuts the file, `item` reads what records list."""

from fin_infra.imports.statements.bai2.format import Bai2

__all__ = ["Bai2"]
