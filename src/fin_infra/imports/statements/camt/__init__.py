"""CAMT files: statements, reports and notifications of ISO 20022.
Floor 4: `format` puts them together, `tree` reads the elements."""

from fin_infra.imports.statements.camt.format import Camt

__all__ = ["Camt"]
