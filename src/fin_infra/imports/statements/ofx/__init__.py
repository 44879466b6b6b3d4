"""OFX and QFX files, version 1 and 2.
Floor 4: `format` reads the statements, `tree` the tags."""

from fin_infra.imports.statements.ofx.format import Ofx

__all__ = ["Ofx"]
