"""One statement of a CAMT file: its pages put together, its own sums checked, and whether it adds up.
Floor 4: the balances decide what vendors disagree on; without them the file's own word counts, and is named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements.base import ReadOptions
from fin_infra.imports.statements.camt.account import number_of, read_account
from fin_infra.imports.statements.camt.balance import Printed, kept, read_balances
from fin_infra.imports.statements.camt.entry import Entry
from fin_infra.imports.statements.camt.tree import STATEMENTS, Branch, Part, Source
from fin_infra.imports.statements.parts import Notes, can_prove, turned_where_proven
from fin_infra.imports.statements.proof import CLOSING, OPENING, difference_of, opening_balance, prove
from fin_infra.imports.statements.values import day
from fin_infra.model.statement import Statement, StatementLine

_INFO = "{} entries for information only (INFO) are not read"


@dataclass(slots=True)
class Draft:
    """What was read of one `Stmt`, `Rpt` or `Ntfctn`; the entries' amounts stay as printed."""

    notes: Notes
    lines: list[StatementLine] = field(default_factory=list[StatementLine])
    pending: list[StatementLine] = field(default_factory=list[StatementLine])
    reversed: list[int] = field(default_factory=list[int])
    """Places in `lines` of what an entry with RvslInd is."""
    amounts: list[tuple[Decimal, str, bool]] = field(default_factory=list[tuple[Decimal, str, bool]])
    """Amount by its own direction, currency, and whether it was posted: of every entry, for the control sums."""
    branch: Branch = field(default_factory=Branch)
    kind: str = ""
    offset: int = 0
    printed: list[Printed] = field(default_factory=list[Printed])

    def add(self, entry: Entry) -> None:
        self.amounts.append((entry.printed.amount, entry.printed.currency, entry.state == "posted"))
        if entry.state == "info":
            self.notes.count(_INFO)
        elif entry.state == "pending":
            self.pending += entry.lines
        else:
            if entry.reversal:
                self.reversed += range(len(self.lines), len(self.lines) + len(entry.lines))
            self.lines += entry.lines

    def ends(self, part: Part, source: Source) -> None:
        """Take what stands beside the entries."""
        self.branch, self.kind, self.offset = part.branch, STATEMENTS[part.name], part.offset
        self.printed = read_balances(part.branch, source, self.notes, part.offset)

    @property
    def unnamed(self) -> bool:
        return number_of(self.branch) is None

    @property
    def page(self) -> tuple[int, bool]:
        """Number of the page, and whether it is the last."""
        for name in ("StmtPgntn", "RptPgntn", "NtfctnPgntn"):
            number = self.branch.text(name, "PgNb") or ""
            if number.isdecimal() and len(number) < 6:
                return int(number), (self.branch.text(name, "LastPgInd") or "true").lower() in ("true", "1")
        return 1, True

    def continues(self, before: Draft) -> bool:
        """Tell whether this is the page after another one of the same statement."""
        number, last = before.page
        return (
            not last
            and self.page[0] == number + 1
            and self.kind == before.kind
            and number_of(self.branch) == number_of(before.branch)
            and self.branch.leaf("ElctrncSeqNb") == before.branch.leaf("ElctrncSeqNb")
        )


def finished(pages: Sequence[Draft], source: Source, options: ReadOptions) -> list[Statement]:
    """Return the statement, or one for each currency that it has an opening and a closing balance in."""
    draft = pages[0]
    for page in pages[1:]:
        _turn(draft, page, source)
    try:
        account = read_account(draft.branch, draft.printed, [*draft.lines, *draft.pending], draft.notes)
    except InvalidInput as error:
        raise source.fault(str(error).removesuffix("."), draft.offset) from None
    start, end = _period(draft.branch)
    statement = Statement(
        account=account,
        lines=tuple(draft.lines),
        pending=tuple(draft.pending),
        balances=kept(draft.printed, draft.notes),
        start=start,
        end=end,
    )
    if len(pages) == 1:
        _single_page(draft, statement)
    closing = statement.balance(CLOSING)
    if closing and closing.amount.currency != account.currency:
        draft.notes.say(
            f"the closing balance is in {closing.amount.currency} and the account in {account.currency}: "
            "nothing proves that the statement is whole"
        )
    statement = _reversals(statement, draft)
    _control_sums(statement, draft, source)
    statement = replace(statement, warnings=draft.notes.warnings())
    return [prove(part, options) for part in _by_currency(statement)]


def _turn(draft: Draft, page: Draft, source: Source) -> None:
    """Add the next page; it opens with the interim balance that the page before closed with."""
    closing = next((each for each in reversed(draft.printed) if each.code == "ITBD"), None)
    opening = next((each for each in page.printed if each.code == "ITBD"), None)
    if closing and opening and closing.balance.amount != opening.balance.amount:
        draft.notes.disagree(
            f"A page opens with {opening.balance.amount} and the page before it closes with {closing.balance.amount}",
            source.byte(page.offset),
            source.line(page.offset),
        )
    draft.printed = [
        *(each for each in draft.printed if each is not closing),
        *(each for each in page.printed if each is not opening),
    ]
    draft.reversed += [place + len(draft.lines) for place in page.reversed]
    draft.lines += page.lines
    draft.pending += page.pending
    draft.amounts += page.amounts
    draft.notes.said |= page.notes.said
    draft.notes.counted += page.notes.counted
    draft.notes.aside += page.notes.aside


def _single_page(draft: Draft, statement: Statement) -> None:
    number, last = draft.page
    if not last and statement.balance(CLOSING) is None:
        draft.notes.say(f"page {number} is not the statement's last; its closing balance is on a later page")
    if number > 1 and opening_balance(statement) is None and draft.kind == "053":
        draft.notes.say(f"page {number} does not follow another page in this file; the opening balance is missing")


def _period(branch: Branch) -> tuple[date | None, date | None]:
    days: list[date | None] = []
    for names in (("FrDtTm", "FrDt"), ("ToDtTm", "ToDt")):
        text = next((text for name in names if (text := branch.text("FrToDt", name))), None)
        try:
            days.append(day(text) if text else None)
        except InvalidInput:
            days.append(None)
    return days[0], days[1]


def _reversals(statement: Statement, draft: Draft) -> Statement:
    """Turn the reversals where only that makes the closing balance: some banks print the reversed entry's direction.

    By the definition CdtDbtInd is the direction of the reversal itself. Seen the other way round: OCA/bank-statement-
    import issue 375.
    """
    if not draft.reversed:
        return statement
    if not can_prove(statement):
        draft.notes.say(
            f"{len(draft.reversed)} reversal(s) have the direction of their CdtDbtInd; no balance proves that it is so"
        )
        return statement
    other = turned_where_proven(statement, draft.reversed)
    if other is not statement:
        draft.notes.say(
            f"{len(draft.reversed)} reversal(s) have the direction opposite to their CdtDbtInd, as the balances prove"
        )
    return other


def _control_sums(statement: Statement, draft: Draft, source: Source) -> None:
    """Compare what TxsSummry says with the entries; it counts all of them at some banks, the posted ones at others.

    On pages it may be of the page or of the whole, so it says nothing there.
    """
    summary = draft.branch.branch("TxsSummry")
    if summary is None or draft.notes.aside or draft.page != (1, True):
        return
    checks: tuple[tuple[str, Callable[[Decimal], bool]], ...] = (
        ("TtlNtries", lambda amount: True),
        ("TtlCdtNtries", lambda amount: amount >= 0),
        ("TtlDbtNtries", lambda amount: amount <= 0),
    )
    several = len({currency for _, currency, _ in draft.amounts}) > 1
    for name, counts in checks:
        total = summary.branch(name)
        if total is None:
            continue
        every = [abs(amount) for amount, _, _ in draft.amounts if counts(amount)]
        posted = [abs(amount) for amount, _, state in draft.amounts if state and counts(amount)]
        for leaf, sums in (
            ("NbOfNtries", (Decimal(len(every)), Decimal(len(posted)))),
            ("Sum", (sum(every, Decimal()), sum(posted, Decimal()))),
        ):
            text = total.leaf(leaf)
            if not text or (leaf == "Sum" and several) or _number(text) in (None, *sums):
                continue
            said = f"{name}/{leaf} of the {statement.account.label} says {_number(text)}, its entries make {sums[0]}"
            if can_prove(statement) and difference_of(statement) is None:
                draft.notes.say(f"{said}; opening balance and entries make the closing balance all the same")
            else:
                draft.notes.disagree(said, source.byte(draft.offset), source.line(draft.offset))


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text) if len(text) < 30 else None
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() else None


def _by_currency(statement: Statement) -> list[Statement]:
    """Split what is several accounts in one: with opening and closing balance in each of several currencies."""
    kinds: dict[str, set[str]] = {}
    for balance in statement.balances:
        kinds.setdefault(balance.amount.currency, set()).add(balance.kind)
    whole = [currency for currency, found in kinds.items() if {OPENING, CLOSING} <= found]
    own = statement.account.currency
    if len(whole) < 2 or own not in whole:
        return [statement]
    return [
        replace(
            statement,
            account=replace(statement.account, currency=currency),
            lines=_of(statement.lines, currency, own, whole),
            pending=_of(statement.pending, currency, own, whole),
            balances=tuple(balance for balance in statement.balances if balance.amount.currency == currency),
            warnings=statement.warnings if currency == own else (),
        )
        for currency in (own, *(currency for currency in whole if currency != own))
    ]


def _of(lines: Sequence[StatementLine], currency: str, own: str, whole: Sequence[str]) -> tuple[StatementLine, ...]:
    """Return the lines of one currency; what is in a currency without balances stays with the account's own."""
    return tuple(
        line
        for line in lines
        if line.amount.currency == currency or (currency == own and line.amount.currency not in whole)
    )
