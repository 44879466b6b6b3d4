"""A layout for a file that no known bank writes, from its column names and from what stands in the columns.
Floor 4: each decision has a reason that is told; where the file shows two possibilities it is refused, with both."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from fin_infra.imports.statements.base import ReadOptions
from fin_infra.imports.statements.delimited.amounts import looks_like_amount
from fin_infra.imports.statements.delimited.days import looks_like_day
from fin_infra.imports.statements.delimited.layout import Column, Layout
from fin_infra.imports.statements.delimited.signs import (
    DESCRIBED,
    Signs,
    amount_at,
    filled,
    is_indicator,
    is_money,
    is_text,
    minus,
)
from fin_infra.imports.statements.delimited.table import Row, Table, names, plain, preamble
from fin_infra.imports.statements.delimited.vocabulary import (
    ACCOUNT_LABELS,
    CURRENCY_LABELS,
    OWN_ACCOUNT,
    PENDING,
    ROLES,
    VOID,
)
from fin_infra.model.currency import CURRENCIES

_MOST_COLUMNS = 500
_FURTHEST = 20_000
"""Rows among which the first transaction has to stand."""
_SAMPLE = 2000
"""Rows from which roles are told; signs are looked for in the whole file."""
_PARENTHESIS = re.compile(r"\s*[(\[](?:[A-Z]{3}|[€$£¥])[)\]]\s*$|\s+in\s+[A-Z]{3}$")


@dataclass(slots=True)
class Guess:
    """What was made out, and why."""

    layout: Layout
    start: int
    width: int
    reasons: tuple[str, ...]


def is_header(row: Row) -> bool:
    """Tell whether a row holds column names that say enough: a day, and an amount or debit and credit."""
    if len(row) > _MOST_COLUMNS:
        return False
    roles = _roles([_bare(cell) for cell in row])
    return "date" in roles and ("amount" in roles or ("debit" in roles and "credit" in roles))


def guess_layout(table: Table, options: ReadOptions) -> Guess:
    """Make a layout for a table.

    Raises:
        StatementUnreadable: the columns, or the signs of the amounts, can be read in two ways or in none.
    """
    header = next((number for number, row in preamble(table.rows) if is_header(row)), None)
    work = _Guessing(table, options, -1 if header is None else header)
    return work.named() if header is not None else work.unnamed()


def _bare(name: str) -> str:
    """Return a column name without the currency that stands behind it."""
    return plain(_PARENTHESIS.sub("", name.strip()))


def _roles(columns: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    taken: set[int] = set()
    for role, known in ROLES.items():
        for name in known:
            at = next((index for index, column in enumerate(columns) if column == name and index not in taken), None)
            if at is not None:
                found[role] = at
                if role not in ("indicator", "status", "type_text"):
                    taken.add(at)
                break
    return found


class _Guessing(Signs):
    def body(self, width: int) -> list[Row]:
        """Return the first rows that are as wide as they should be and have a day."""
        found: list[Row] = []
        for row in self.table.rows[self.header + 1 : self.header + 1 + _FURTHEST]:
            if len(row) >= width and any(looks_like_day(cell) for cell in row):
                found.append(row[:width])
                if len(found) == _SAMPLE:
                    break
        return found

    # Files with column names.

    def named(self) -> Guess:
        row = self.table.rows[self.header]
        columns, width = names(row), len(names(row))
        bare = [_bare(cell) for cell in row][:width]
        roles = _roles(bare)
        rows = self.body(width)
        if not rows:
            raise self.fault(
                "The file has column names and not one transaction under them; export a period that has some"
            )
        if "debit" in roles and "credit" in roles and "amount" in roles and not filled(rows, roles["amount"]):
            del roles["amount"]  # some banks keep an empty column for what they do not print
        same = [name for name in ROLES["amount"] if bare.count(name)]
        if len(same) > 1 and "debit" not in roles and self._differ(rows, [bare.index(name) for name in same]):
            raise self.fault(f"Two columns may be the amount, {same[0]!r} and {same[1]!r}; {DESCRIBED}")
        dated = [each for each in rows if looks_like_day(each[roles["date"]])]
        if len(dated) * 2 < len(rows):
            roles["date"] = self._first_day(rows, width)
        else:
            rows = dated  # the others are a balance or a total with a day somewhere else
        shown = {role: columns[at] for role, at in roles.items()}
        self.reasons.append(
            "the file is none of a known bank; its columns are read by their names: "
            + ", ".join(
                f"{role} from {shown[role]!r}"
                for role in ("date", "amount", "debit", "credit", "balance")
                if role in roles
            )
        )
        self._own_account(roles, bare)
        return self._guess(roles, rows, width, named=True)

    def _own_account(self, roles: dict[str, int], bare: list[str]) -> None:
        """Drop a column that may as well be the other side's account: it is not the same in every row."""
        at = roles.get("account")
        if at is None or bare[at] in OWN_ACCOUNT:
            return
        cells = [row[at].strip() for row in self.table.rows[self.header + 1 :] if len(row) > at and row[at].strip()]
        if len(cells) < 2 or len(set(cells)) > 1:
            del roles["account"]

    def _differ(self, rows: list[Row], at: list[int]) -> bool:
        return any(len({row[index].strip() for index in at if row[index].strip()}) > 1 for row in rows)

    def _first_day(self, rows: list[Row], width: int) -> int:
        for index in range(width):
            if all(looks_like_day(row[index]) for row in rows):
                return index
        raise self.fault("No column holds a day in every row; " + DESCRIBED)

    # Files without column names.

    def unnamed(self) -> Guess:
        width = max((len(row) for row in self.table.rows[:200] if any(looks_like_day(cell) for cell in row)), default=0)
        rows = self.body(width)
        if width < 2 or not rows:
            raise self.fault(
                "The file has neither column names nor rows with a day and an amount; export it as CSV again"
            )
        labels = self._labels(rows, width)
        if labels:
            width = len(labels)
            rows = [row[:width] for row in rows]
        roles: dict[str, int] = {"date": self._first_day(rows, width)}
        money = [index for index in range(width) if index != roles["date"] and is_money(rows, index)]
        roles |= self._money_roles(rows, money)
        texts = [index for index in range(width) if index not in roles.values() and is_text(rows, index)]
        told_by_name = _roles([_bare(name) for name in labels])
        for role in ("description", "currency", "id", "status", "check_number"):
            if role in told_by_name and told_by_name[role] not in roles.values():
                roles[role] = told_by_name[role]
        texts = [index for index in texts if index not in roles.values()]
        if texts and "description" not in roles:
            roles["description"] = max(texts, key=lambda index: fmean(len(row[index].strip()) for row in rows))
        indicator = next((index for index in range(width) if is_indicator(rows, index)), None)
        if indicator is not None and "amount" in roles:
            roles["indicator"] = indicator
        told = ", ".join(f"{role} from column {at + 1}" for role, at in roles.items())
        why = "the column names do not say enough" if labels else "the file has no column names"
        self.reasons.append(f"{why}; the columns are read by what stands in them: {told}")
        return self._guess(roles, rows, width, named=bool(labels) and all(labels[at] for at in roles.values()))

    def _labels(self, rows: list[Row], width: int) -> list[str]:
        """Return the nearest row above the first one with a day that holds a different name for each column."""
        first = next(
            (number for number, row in enumerate(self.table.rows[:_FURTHEST]) if any(map(looks_like_day, row))), 0
        )
        for number in range(first - 1, max(first - 4, -1), -1):
            found = names(self.table.rows[number])
            said = [name for name in found if name]
            if len(found) > width or any(filled(rows, at) for at in range(len(found), width)):
                continue
            if len(said) >= 2 and len(set(said)) == len(said) and not any(map(looks_like_amount, said)):
                self.header = number
                return found
        return []

    def _money_roles(self, rows: list[Row], money: list[int]) -> dict[str, int]:
        if not money:
            raise self.fault("No column holds amounts of money; " + DESCRIBED)
        if len(money) == 1:
            return {"amount": money[0]}
        if len(money) == 3:
            found = self._three(rows, money)
        elif len(money) == 2:
            found = self._two(rows, *money)
        else:
            found = None
        if found is None:
            columns = " and ".join(str(index + 1) for index in money[:3])
            raise self.fault(f"Nothing says which of the columns {columns} is the amount; {DESCRIBED}")
        return found

    def _two(self, rows: list[Row], one: int, other: int) -> dict[str, int] | None:
        if all(not amount_at(row, one) or not amount_at(row, other) for row in rows):
            first, second = (minus(rows, index) for index in (one, other))
            if first != second:
                return {"debit": one, "credit": other} if first else {"debit": other, "credit": one}
            return None
        for amount, balance in ((one, other), (other, one)):
            if self.holds(rows, {"amount": amount, "balance": balance}, 1):
                return {"amount": amount, "balance": balance}
        return None

    def _three(self, rows: list[Row], money: list[int]) -> dict[str, int] | None:
        fits: list[dict[str, int]] = []
        for balance in money:
            debit, credit = (index for index in money if index != balance)
            if any(amount_at(row, debit) and amount_at(row, credit) for row in rows):
                continue
            for roles in (
                {"debit": debit, "credit": credit, "balance": balance},
                {"debit": credit, "credit": debit, "balance": balance},
            ):
                if self.holds(rows, roles, 1):
                    return roles
                if minus(rows, roles["debit"]) and not minus(rows, roles["credit"]):
                    fits.append(roles)
        return fits[0] if len(fits) == 1 else None

    # What both have in common.

    def _guess(self, roles: dict[str, int], rows: list[Row], width: int, *, named: bool) -> Guess:
        said: dict[str, Any] = {"sign": "printed"}
        self.signs(roles, rows, said)
        self._status(roles, rows, said)
        self._above(said)
        at = self._columns(roles, named)
        for role in ("memo", "type_text"):
            if roles.get(role) == roles.get("description"):
                roles.pop(role, None)
        for role, index in roles.items():
            if role in ("description", "memo"):
                said[role] = (at[index],)
            elif role not in ("indicator", "status", "fee") or role in said:
                said[role] = at[index]
        header = (
            tuple(dict.fromkeys(cell.strip() for cell in self.table.rows[self.header] if cell.strip())) if named else ()
        )
        layout = Layout(
            name="guessed",
            source="the file itself",
            header=header,
            width=None if named else width,
            delimiter=self.table.delimiter,
            **said,
        )
        self._fee(layout, rows, roles)
        return Guess(layout, self.header + 1, width, tuple(self.reasons))

    def _columns(self, roles: dict[str, int], named: bool) -> dict[int, Column]:
        if not named:
            return {index: index for index in roles.values()}
        row = self.table.rows[self.header]
        return {index: row[index].strip().replace("\ufeff", "") for index in roles.values()}

    def _status(self, roles: dict[str, int], rows: list[Row], said: dict[str, Any]) -> None:
        if "status" not in roles:
            return
        words = {
            row[roles["status"]].strip() for row in self.table.rows[self.header + 1 :] if len(row) > roles["status"]
        }
        said["pending"] = tuple(sorted(word for word in words if plain(word) in PENDING))
        said["void"] = tuple(sorted(word for word in words if plain(word) in VOID))
        if said["pending"] or said["void"]:
            said["status"] = True
            self.reasons.append(f"rows with {', '.join(map(repr, (*said['pending'], *said['void'])))} are not posted")
        else:
            roles.pop("status")

    def _above(self, said: dict[str, Any]) -> None:
        """Look for the account's number and currency above the column names."""
        labels = {label.rstrip(":") for label in ACCOUNT_LABELS}
        for row in self.table.rows[: max(self.header, 0)]:
            cells = [cell.strip() for cell in row if cell.strip()]
            if len(cells) == 1 and ":" in cells[0]:
                cells = list(cells[0].partition(":")[::2])
            if len(cells) < 2:
                continue
            label = plain(cells[0]).rstrip(" :")
            if label in labels:
                said.setdefault("account_label", (cells[0],))
            elif label in CURRENCY_LABELS and cells[1].strip().upper() in CURRENCIES:
                said.setdefault("fixed_currency", cells[1].strip().upper())

    def _fee(self, layout: Layout, rows: list[Row], roles: dict[str, int]) -> None:
        at = roles.get("fee")
        if at is not None and any(self.column(rows, at)):
            if "balance" in roles and self.holds(rows, {k: v for k, v in roles.items() if k != "fee"}, 1):
                return
            raise self.fault(f"Nothing says whether the fees in their own column are in the amounts; {DESCRIBED}")
