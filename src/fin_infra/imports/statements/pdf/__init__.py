"""Statements as PDF, by the places of their words.
Floor 4: `pages` gives words in lines, `layouts` is data, `format` reads; what no balance proves does not count."""

from fin_infra.imports.statements.pdf.format import Pdf

__all__ = ["Pdf"]
