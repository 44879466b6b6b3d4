"""The table of a statement: its titles give the columns, its lines the rows.
Floor 4: an amount belongs to the column in whose place it ends; which places are which is proven by the balances."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from fin_infra.imports.statements.pdf.amounts import Amount, amount_of, whole_numbers
from fin_infra.imports.statements.pdf.days import MONTHS, Printed, printed
from fin_infra.imports.statements.pdf.layouts import (
    BALANCE_WORDS,
    CLOSING,
    EITHER,
    MONEY,
    OPENING,
    SECTION_IN,
    SECTION_OUT,
    TOTAL,
    Layout,
    Role,
    role_of,
    without_accents,
)
from fin_infra.imports.statements.pdf.pages import Line, Word

_EDGE = 6.0
"""Points within which right edges are of one column."""
_HANGS = 40.0
"""Points by which amounts may end left of their title."""
_DATE_WORDS = 4
_HEAD_WORDS = 6
_MOST_BELOW = 6
"""Lines of one transaction after its first."""


@dataclass(frozen=True, slots=True)
class Title:
    role: Role
    left: float
    right: float
    text: str


@dataclass(slots=True)
class Row:
    """One transaction as far as it is put together, and where it begins."""

    page: int
    number: int
    left: float
    day: Printed | None
    section: bool | None = None
    """Whether the head above its table says money in, or out; None where it says neither."""
    texts: list[str] = field(default_factory=list[str])
    amounts: list[Amount] = field(default_factory=list[Amount])

    @property
    def place(self) -> str:
        return f"page {self.page}, line {self.number}"


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance line: whether it opens or closes, its amount and the line."""

    opening: bool
    amount: Amount
    line: Line
    owed: bool | None = None
    """What the label says of the sign, where it says it."""


@dataclass(slots=True)
class Table:
    titles: list[Title] = field(default_factory=list[Title])
    rows: list[Row] = field(default_factory=list[Row])
    section: bool | None = None
    others: list[Line] = field(default_factory=list[Line])
    """Titles of tables with other columns, which are not read."""
    balances: list[Balance] = field(default_factory=list[Balance])

    @property
    def money(self) -> list[Title]:
        return [title for title in self.titles if title.role in MONEY]


def titles_of(line: Line, layout: Layout | None) -> list[Title]:
    """Return the columns that a line names; empty where it is not the head of a table of transactions."""
    if line.words[-1].text[-1].isdigit():
        return []  # a row, which ends in an amount
    found = [
        Title(role, cell.left, cell.right, cell.text)
        for cell in line.cells()
        if (role := role_of(cell.text, layout)) is not None
    ]
    roles = [title.role for title in found]
    money = [role for role in roles if role in MONEY]
    moved = Role.AMOUNT in money or {Role.DEBIT, Role.CREDIT} <= set(money)
    return found if Role.DATE in roles and moved and len(set(money)) == len(money) else []


def read_table(lines: Iterable[Line], layout: Layout | None) -> Table:
    """Return the transactions' table over all pages, and the balances in it and around it."""
    table = Table()
    page = 0
    for line in lines:
        found = titles_of(line, layout)
        if found:
            same = [title.role for title in found] == [title.role for title in table.titles]
            if not table.titles or same:
                table.titles, page = found, line.page
            else:
                table.others.append(line)
                page = -1  # its rows are not read as if they stood under the titles above
            continue
        table.section = _section(line, table.section)
        if _balance(line, table) or not table.titles or page < 0:
            continue
        if line.page != page and _leading_date(line.words)[0]:
            page = line.page  # not every bank repeats the titles
        if line.page == page:
            _row(line, table)
    table.rows = list(_whole(table.rows))
    return table


def _section(line: Line, now: bool | None) -> bool | None:
    """Return the section that a line begins, or the one that goes on: its head is short and holds no number."""
    if len(line.words) > _HEAD_WORDS or any(char.isdigit() for char in line.text):
        return now
    return True if SECTION_IN.match(line.text) else False if SECTION_OUT.match(line.text) else now


def _balance(line: Line, table: Table) -> bool:
    """Keep the balance that a line names, if it names one and prints it."""
    text = without_accents(line.text.lower())
    if not any(word in text for word in BALANCE_WORDS):
        return False
    either = EITHER.search(text)
    match = either or OPENING.search(text) or CLOSING.search(text)
    words = whole_numbers(line.words) if match else []
    if match is None or (table.rows and _leading_date(words)[0] and not _is_label(text, match.start(), words)):
        return False
    label = text[: match.end()].count(" ")
    left = line.words[min(label, len(line.words) - 1)].right
    found = [amount_of(word, whole=True) for word in words if word.right > left and printed(word.text) is None]
    amounts = [amount for amount in found if amount is not None]
    exact = [amount for amount in amounts if not amount.body.isdigit()]
    chosen = (exact or amounts)[:1]
    if not chosen:
        return False
    opening = not table.rows if either else OPENING.search(text) is not None
    owed = either[1] == "debiteur" if either else None
    table.balances.append(Balance(opening, chosen[0], line, owed))
    return True


def _is_label(text: str, start: int, words: Sequence[Word]) -> bool:
    """Tell whether a dated line is a balance's own: its text begins with the label."""
    day, used = _leading_date(words)
    return day is not None and start <= len(" ".join(word.text for word in words[:used])) + 1


def _row(line: Line, table: Table) -> None:
    words = whole_numbers(line.words)
    amounts = _amounts(words, min(title.left for title in table.money) - _HANGS)
    rest = words[: len(words) - len(amounts)]
    day, used = _leading_date(rest)
    if day is None and amounts and TOTAL.match(line.text):
        return
    texts = rest[used:]
    if day is not None:
        texts = _without_day_of_value(texts, table)
    text = " ".join(word.text for word in texts)
    left = texts[0].left if texts else line.words[0].left
    last = table.rows[-1] if table.rows else None
    if day is not None or (amounts and last is not None and last.amounts):
        table.rows.append(Row(line.page, line.number, left, day, table.section, [text] if text else [], amounts))
    elif last is not None and _below(texts or rest, table, line, last):
        last.texts += [text] if text else []
        last.amounts += amounts


def _amounts(words: Sequence[Word], after: float) -> list[Amount]:
    """Return the amounts at the end of a line, from left to right; one in the middle of words is part of them."""
    found: list[Amount] = []
    for word in reversed(words):
        amount = amount_of(word) if word.right > after else None
        if amount is None:
            break
        found.append(amount)
    return found[::-1]


def _without_day_of_value(words: list[Word], table: Table) -> list[Word]:
    """Return a row's text without its second date, which stands behind the first or in a column of its own."""
    words = words[_leading_date(words)[1] :]
    title = next((title for title in table.titles if title.role is Role.VALUE_DATE), None)
    if title is None:
        return words
    own = [word for word in words if title.left - _EDGE <= (word.left + word.right) / 2 <= title.right + _EDGE]
    return (
        words if printed(" ".join(word.text for word in own)) is None else [word for word in words if word not in own]
    )


def _below(words: Sequence[Word], table: Table, line: Line, last: Row) -> bool:
    """Tell whether a line goes on with the row above: it stands under the text of the table, close by."""
    text = next((title for title in table.titles if title.role is Role.TEXT), None)
    near = line.page != last.page or line.number - last.number <= _MOST_BELOW
    return near and (text is None or not words or words[0].left >= min(text.left, last.left) - _EDGE)


def _leading_date(words: Sequence[Word]) -> tuple[Printed | None, int]:
    """Return the date that a line begins with and how many words it takes; the longest that is one."""
    if not words or not (words[0].text[0].isdigit() or words[0].text.lower().strip(".,") in MONTHS):
        return None, 0
    for count in range(min(_DATE_WORDS, len(words)), 0, -1):
        found = printed(" ".join(word.text for word in words[:count]))
        if found is not None:
            return found, count
    return None, 0


def _whole(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield the rows that have an amount; a dated line that never gets one is text of the row before it."""
    last: Row | None = None
    day: Printed | None = None
    for row in rows:
        if not row.amounts:
            if last is not None:
                last.texts += row.texts
            continue
        day = row.day = row.day or day
        last = row
        yield row


def columns(table: Table) -> Iterator[dict[float, Title]]:
    """Yield the ways in which the places where amounts end may be the columns, the likeliest first."""
    money = table.money
    edges: list[list[float]] = []
    for right in sorted(amount.right for row in table.rows for amount in row.amounts):
        if edges and right - edges[-1][-1] <= _EDGE:
            edges[-1].append(right)
        else:
            edges.append([right])
    while len(edges) > len(money):  # CR behind a number moves its edge
        near = min(range(1, len(edges)), key=lambda at: edges[at][0] - edges[at - 1][-1])
        edges[near - 1 : near + 1] = [edges[near - 1] + edges[near]]
    if not edges:
        return
    ways = [dict(zip((each[-1] for each in edges), chosen, strict=True)) for chosen in combinations(money, len(edges))]
    yield from sorted(ways, key=lambda way: sum(_apart(edge, title) for edge, title in way.items()))


def column_of(amount: Amount, way: dict[float, Title]) -> Title:
    return way[min((edge for edge in way if edge >= amount.right - 0.05), default=max(way))]


def _apart(edge: float, title: Title) -> float:
    return 0.0 if title.left <= edge <= title.right + _EDGE else min(abs(edge - title.left), abs(edge - title.right))
