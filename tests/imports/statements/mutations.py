"""Files as they come when something went wrong on the way, and what of a reading can be checked against the bytes.

`mutated` damages a file; `unaccounted` looks every value that was read up in the file itself, by other means than the
code under test has: a few expressions over the text, which know nothing of trees.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random
from typing import Any

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements import read_statement
from fin_infra.model.statement import StatementFile, StatementLine

JUNK: tuple[bytes, ...] = (
    b"<BR/>",
    b"<",
    b">",
    b"</STMTRS>",
    b"</CCSTMTRS>",
    b"<STMTTRN>",
    b"</STMTTRN>",
    b"\xff",
    b"\0",
    b"1,234",
    b"N/A",
)
JUNK += (
    b"&#x41;",
    b"<!--",
    b"-->",
    b"<FOO>",
    b"</FOO>",
    b" GMT",
    b"<TRNAMT>.",
    b"<BALAMT>None",
    b"\r",
    b"\xef\xbb\xbf",
)
JUNK += (
    b"-",
    b"9" * 20,
    b"<CURDEF>USD",
    b"<ACCTID>9",
    b"<DTPOSTED>20260230",
    b"<![CDATA[",
    b"]]>",
    b"&",
    b"\xa0",
    b"$",
)


def mutated(data: bytes, random: Random) -> bytes:
    """Damage a file in one to three ways."""
    for _ in range(random.randint(1, 3)):
        data = random.choice(_WAYS)(data, random)
    return data


def attempt(data: bytes, options: dict[str, Any]) -> tuple[StatementUnreadable | None, StatementFile | None]:
    """Return why a file cannot be read, or what is in it."""
    try:
        return None, read_statement(data, **options)
    except StatementUnreadable as error:
        return error, None


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True) or [b""]


def _line_lost(data: bytes, random: Random) -> bytes:
    lines = _lines(data)
    del lines[random.randrange(len(lines))]
    return b"".join(lines)


def _line_doubled(data: bytes, random: Random) -> bytes:
    lines = _lines(data)
    at = random.randrange(len(lines))
    return b"".join([*lines[:at], lines[at], *lines[at:]])


def _lines_swapped(data: bytes, random: Random) -> bytes:
    lines = _lines(data)
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _block_moved(data: bytes, random: Random) -> bytes:
    start, end, to = (random.randrange(len(data) + 1) for _ in range(3))
    start, end = sorted((start, min(end, start + 400)))
    rest = data[:start] + data[end:]
    return rest[:to] + data[start:end] + rest[to:]


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _tag(change: Callable[[bytes, Random], bytes]) -> Callable[[bytes, Random], bytes]:
    def way(data: bytes, random: Random) -> bytes:
        tags = list(re.finditer(rb"<[^<>]{1,40}>", data))
        if not tags:
            return data
        tag = random.choice(tags)
        return data[: tag.start()] + change(tag[0], random) + data[tag.end() :]

    return way


def _noise(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice(JUNK) + data[at + random.choice((0, 0, 1, 3, 20)) :]


def _digit(data: bytes, random: Random) -> bytes:
    digits = [match.start() for match in re.finditer(rb"[0-9]", data)] or [0]
    at = random.choice(digits)
    return data[:at] + random.choice((b"", b"0", b"7", b",", b".", b"x")) + data[at + 1 :]


def _coded(data: bytes, random: Random) -> bytes:
    try:
        return data.decode("utf-8").encode(random.choice(("utf-16", "utf-16-le", "utf-8-sig", "cp1252", "latin-1")))
    except UnicodeError:
        return data


def _line_ends(data: bytes, random: Random) -> bytes:
    return b"".join(line.rstrip(b"\r\n") + random.choice((b"\n", b"\r\n", b"\r", b"")) for line in _lines(data))


_WAYS: tuple[Callable[[bytes, Random], bytes], ...] = (
    _line_lost,
    _line_doubled,
    _lines_swapped,
    _block_moved,
    _cut,
    _noise,
    _digit,
    _coded,
    _line_ends,
    _tag(lambda tag, random: b""),
    _tag(lambda tag, random: tag * 2),
    _tag(lambda tag, random: tag[:-1]),
    _tag(lambda tag, random: tag.replace(b"</", b"<") if b"</" in tag else tag.replace(b"<", b"</")),
    _tag(lambda tag, random: tag.lower()),
    _tag(lambda tag, random: tag[:2] + tag[3:]),
)


def unaccounted(data: bytes, file: StatementFile, said: dict[str, str]) -> Iterator[str]:
    """Yield what was read and is not in the file, and rows of the file that are neither read nor named."""
    text = data.decode(file.encoding, "replace")
    shown = _plain(text)
    rows = len(re.findall(r"<STMTTRN\s*>", shown, re.I))
    read = sum(len(statement.lines) for statement in file.statements)
    aside = sum("transaction is set aside" in text for each in file.statements for text in each.warnings)
    if rows != read + aside:
        yield f"{rows} transactions in the file, {read} read, {aside} set aside"
    for statement in file.statements:
        for line in statement.lines:
            yield from _line(data, line, file.encoding)
        yield from _not_printed("BALAMT|AVAILCASH|MARGINBALANCE|SHORTBALANCE|BUYPOWER", shown, statement.balances)
        for position in statement.positions:
            if digits(abs(position.units)) not in {digits(value) for value in values("UNITS", shown)}:
                yield f"units {position.units} are not in the file"
        totals = {digits(value) for value in values("TOTAL", shown)}
        for trade in statement.trades:
            if trade.amount is not None and digits(trade.amount.amount) not in totals:
                yield f"amount {trade.amount} of a trade is not in the file"
            if trade.units is not None and digits(trade.units) not in {
                digits(value) for value in values("UNITS", shown)
            }:
                yield f"units {trade.units} of a trade are not in the file"
        if statement.account.number not in {*values("ACCTID", shown), said.get("account")}:
            yield "an account number that is not in the file"
        codes = {code.upper() for code in values("CURDEF", shown)} | {said.get("currency", "")}
        if statement.account.currency not in codes:
            yield f"currency {statement.account.currency} is not in the file"


def _not_printed(names: str, shown: str, balances: tuple[object, ...]) -> Iterator[str]:
    printed = {(digits(value), negative(value)) for value in values(names, shown)}
    for balance in balances:
        amount = balance.amount.amount  # type: ignore[attr-defined]  # balances of a statement
        if amount and (digits(amount), amount < 0) not in printed:
            yield f"balance {amount} is not in the file"


def _line(data: bytes, line: StatementLine, encoding: str) -> Iterator[str]:
    """Look a transaction up between its own tag and the next one's."""
    step = 2 if encoding.startswith("utf-16") else 1
    rest = data[line.offset + step :].decode(encoding, "replace")
    chunk = re.split(r"<STMTTRN\s*>|</STMTTRN", _plain(rest), maxsplit=1, flags=re.I)[0]
    amounts = {(digits(value), negative(value)) for value in values("TRNAMT", chunk)}
    amount = line.amount.amount
    if (digits(amount), amount < 0) not in amounts and not (amount == 0 and any(not one for one, _ in amounts)):
        yield f"amount {amount} at {line.offset} is not in its transaction"
    if not any(
        re.sub(r"\D", "", value).startswith(line.posted.isoformat().replace("-", ""))
        for value in values("DTPOSTED", chunk)
    ):
        yield f"day {line.posted} at {line.offset} is not in its transaction"
    if line.id is not None and line.id not in values("FITID", chunk):
        yield f"an id at {line.offset} is not in its transaction"


def _plain(text: str) -> str:
    return re.sub(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>", "", text, flags=re.S)


def values(names: str, text: str) -> list[str]:
    """Return what is printed behind the tags of these names."""
    found = re.findall(rf"<(?:{names})(?:\s[^<>]*)?>([^<]*)", text, re.I)
    return [
        " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", html.unescape(value)).split()) for value in found
    ]


def digits(value: str | Decimal) -> str:
    return re.sub(r"[^0-9]", "", str(value)).lstrip("0")


def negative(value: str) -> bool:
    return any(sign in value for sign in "-\u2212\u2013(")
