"""The layouts of known banks and payment services, each with its public source.
Floor 4: a new bank is one record in one of these tables; nothing else changes."""

from fin_infra.imports.statements.delimited.banks.america import AMERICA
from fin_infra.imports.statements.delimited.banks.europe import EUROPE
from fin_infra.imports.statements.delimited.banks.germany import GERMANY
from fin_infra.imports.statements.delimited.banks.kingdom import KINGDOM
from fin_infra.imports.statements.delimited.banks.services import SERVICES

BANKS = (*AMERICA, *GERMANY, *EUROPE, *KINGDOM, *SERVICES)

__all__ = ["BANKS"]
