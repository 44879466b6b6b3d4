"""What `:86:` says about a transaction, in the dialects of banks.
Floor 4: nothing here decides about money; what fits no dialect stays one text.

Dialects: subfields of German, Polish and Dutch banks (`?20`, `<20`, `>20`, `~20`, `^20`: DFÜ agreement of Deutsche
Kreditwirtschaft, annex 3), SEPA marks within them (`EREF+`), and code words between slashes (`/EREF/`: Rabobank, ABN
AMRO, ING).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fin_infra.imports.statements.mt940.fields import flowing, lines
from fin_infra.imports.statements.parts import joined, plain

_GERMAN = re.compile(r"\s*([0-9]{3})?\s*([?<>~^])[0-9]{2}")
_SEPA = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP)\+")
_SLASHES = re.compile(
    r"/(EREF|PREF|KREF|RREF|MARF|CSID|TRTP|IBAN|BIC|NAME|REMI|ORDP|BENM|ULTD|ULTB|ULTC|ISDT|CNTP|TRCD|PURP|RTRN|INIT|"
    r"SVCL|OCMT|CHGS|EXCH|ADDR|CDTRREFTP|CDTRREF|ACCW|BUSP|PAYMREF|ID)/"
)
_PURPOSE = (*range(20, 30), *range(60, 64))
_SUBFIELD = 27
"""Characters in a subfield of the purpose; a full one goes on in the next."""
IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_NO_REFERENCE = frozenset(("NONREF", "NOTPROVIDED", "NOREF", "NOT PROVIDED", ""))


@dataclass(slots=True)
class Details:
    name: str | None = None
    text: str | None = None
    number: str | None = None
    """Account of the other party."""
    bank_id: str | None = None
    reference: str | None = None
    code: str | None = None
    """The German business code (GVC)."""


def reference(text: str | None) -> str | None:
    """Return a reference; None for the words that stand for none."""
    found = plain(text) if text else ""
    return None if found.upper() in _NO_REFERENCE else found


def read_details(text: str) -> Details:
    """Read the whole text of one or several `:86:` fields."""
    match = _GERMAN.match(text)
    if match:
        return _subfields(text, match[2], match[1])
    whole = "".join(lines(text))
    if _SLASHES.match(whole.lstrip()):
        return _slashes(whole)
    flow = flowing(lines(text))
    if _SEPA.match(flow.lstrip()):
        return _sepa(flow, Details())
    return Details(text=plain(flow) or None)


def _subfields(text: str, mark: str, code: str | None) -> Details:
    """Read `?00` to `?63`; a line break means nothing here, wherever it stands."""
    whole = "".join(lines(text))
    parts = re.split(rf"{re.escape(mark)}([0-9]{{2}})", whole)
    found: dict[int, str] = {}
    for number, value in zip(parts[1::2], parts[2::2], strict=True):
        found[int(number)] = found.get(int(number), "") + value
    purpose = ""
    for number in _PURPOSE:
        if number in found:
            value = found[number]
            purpose += value if len(value) >= _SUBFIELD else value + " "
    name = plain(found.get(32, "") + found.get(33, ""))
    details = Details(
        name=name or None,
        number=reference("".join((found.get(38) or found.get(31) or "").split())),
        bank_id=reference(found.get(30)),
        code=code,
    )
    _sepa(purpose, details)
    kind = plain(found.get(0, ""))
    details.text = details.text or kind or None
    return details


def _sepa(text: str, details: Details) -> Details:
    """Take the marked parts out of a purpose; without marks all of it is the text."""
    parts = _SEPA.split(text)
    marked = dict(zip(parts[1::2], parts[2::2], strict=True))
    details.text = plain(joined((parts[0].strip(), marked.get("SVWZ", "").strip())) or "") or None
    details.reference = reference(marked.get("EREF")) or reference(marked.get("KREF"))
    details.number = details.number or reference(marked.get("IBAN"))
    details.bank_id = details.bank_id or reference(marked.get("BIC"))
    details.name = details.name or reference(marked.get("ABWA")) or reference(marked.get("ABWE"))
    return details


def _slashes(text: str) -> Details:
    """Read `/CODE/value/CODE/value`; `/CNTP/` has account, bank, name and town, `/REMI/` a kind before its text."""
    parts = _SLASHES.split(text)
    found: dict[str, str] = {}
    for code, value in zip(parts[1::2], parts[2::2], strict=True):
        found.setdefault(code, value.strip())
    said = re.sub(r"^(?:USTD/{1,2}|STRD/(?:CUR|ISO)/)", "", found.get("REMI", ""))
    number, bank, name = found.get("IBAN"), found.get("BIC"), found.get("NAME")
    counterpart = found.get("CNTP", "").split("/")
    if len(counterpart) > 2:
        number, bank, name = counterpart[0] or number, counterpart[1] or bank, counterpart[2] or name
    for party in ("BENM", "ORDP"):
        inner = re.match(r"/?NAME/([^/]*)", found.get(party, ""))
        name = name or (inner[1] if inner else None)
    return Details(
        name=plain((name or "").strip("/ ")) or None,
        text=plain(said.strip("/ ")) or plain(found.get("TRTP", "").strip("/ ")) or None,
        number=reference((number or "").strip("/ ")),
        bank_id=reference((bank or "").strip("/ ")),
        reference=reference(found.get("EREF", "").strip("/ ")) or reference(found.get("PREF", "").strip("/ ")),
    )
