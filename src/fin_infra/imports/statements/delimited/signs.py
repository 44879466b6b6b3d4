"""Which amounts of an unknown CSV file are money in: its words, its marks, and the running balance as the proof.
Floor 4: what nothing in the file decides is refused, and every decision has a reason that is told."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements.base import ReadOptions
from fin_infra.imports.statements.delimited.amounts import Marks, decide_mark, looks_like_amount, read_amounts
from fin_infra.imports.statements.delimited.chain import follow
from fin_infra.imports.statements.delimited.table import Row, Table, names, plain
from fin_infra.imports.statements.delimited.vocabulary import CARD_PAYMENT, MONEY_IN, MONEY_OUT

DESCRIBED = "a layout of your own says which (Layout, learn)"
_MINUS = re.compile(r"[-\u2212\u2013(]|[0-9] ?D[Rr]\b")
_DECIMALS = re.compile(r"[.,][0-9]{1,2}[)\s-]*(?:[A-Z]{3}|[€$£]|[CD][Rr]\.?)?$|^[^0-9]*[$€£]")


@dataclass(slots=True)
class Signs:
    """A table whose columns have roles by now; `said` is what a layout will say."""

    table: Table
    options: ReadOptions
    header: int
    reasons: list[str] = field(default_factory=list[str])

    def fault(self, message: str) -> StatementUnreadable:
        return self.table.fault(message, max(self.header, 0))

    @property
    def names(self) -> list[str]:
        return names(self.table.rows[self.header]) if self.header >= 0 else []

    def signs(self, roles: dict[str, int], rows: list[Row], said: dict[str, Any]) -> None:
        if "amount" not in roles:
            roles.pop("indicator", None)
            said["sign"] = "absolute" if self._credit_negative(rows, roles) else "printed"
            self.proof(roles, rows, said, 1)
            return
        whole = [row[roles["amount"]] for row in self.table.rows[self.header + 1 :] if len(row) > roles["amount"]]
        minus = _MINUS.search("\n".join(whole)) is not None
        indicator = roles.pop("indicator", None)
        if indicator is None or not is_indicator(rows, indicator):
            usable = (
                [index for index, name in enumerate(self.names) if name] if self.header >= 0 else range(len(rows[0]))
            )
            indicator = next((index for index in usable if is_indicator(rows, index)), None)
        if indicator is not None:
            self._by_word(roles, rows, said, indicator, minus)
        elif minus and self._is_card(rows, roles):
            said["sign"] = "inverted"
            self.reasons.append("plus is money out: payments that the bank thanks for are printed with a minus")
            self.proof(roles, rows, said, -1)
        elif minus:
            if not self.proof(roles, rows, said, 1) and not self.proof(roles, rows, said, -1):
                self.reasons.append("minus is read as money out, as printed; nothing in the file proves it")
        elif not self.proof(roles, rows, said, 1) and not self.proof(roles, rows, said, -1):
            raise self.fault(f"All amounts are positive, and nothing says which are money out; {DESCRIBED}")

    def _by_word(
        self, roles: dict[str, int], rows: list[Row], said: dict[str, Any], indicator: int, minus: bool
    ) -> None:
        words = {row[indicator].strip() for row in self.table.rows[self.header + 1 :] if len(row) > indicator} - {""}
        said["money_out"] = tuple(sorted(word for word in words if plain(word) in MONEY_OUT))
        said["money_in"] = tuple(sorted(word for word in words if plain(word) in MONEY_IN))
        if not minus:
            if not said["money_out"]:
                said["money_out"] = ("debit",)
            roles["indicator"] = indicator
            said["indicator"] = True
            said["sign"] = "absolute"
            told = ", ".join(map(repr, (*said["money_out"], *said["money_in"])))
            self.reasons.append(f"the words {told} say money in or out")
            self.proof(roles, rows, said, 1)
            return
        out = {plain(word) for word in said.pop("money_out")}
        said.pop("money_in")
        agree = [(plain(row[indicator]) in out) == (_MINUS.search(row[roles["amount"]]) is not None) for row in rows]
        if not any(agree):
            said["sign"] = "inverted"
            self.reasons.append("plus is money out: the words for money in and out say so in every row")
            self.proof(roles, rows, said, -1)
            return
        if not all(agree):
            self.reasons.append(
                f"in {agree.count(False)} row(s) the word for in or out contradicts the sign, which is read as printed"
            )
        self.proof(roles, rows, said, 1)

    def _is_card(self, rows: list[Row], roles: dict[str, int]) -> bool:
        """Tell whether payments are negative and other rows positive: how cards print that purchases are owed."""
        if "description" not in roles:
            return False
        thanked = [row for row in rows if CARD_PAYMENT.search(row[roles["description"]])]
        if not thanked or not all(_MINUS.search(row[roles["amount"]]) for row in thanked):
            return False
        if all(_MINUS.search(row[roles["amount"]]) for row in rows):
            raise self.fault(f"All amounts are negative, payments that the bank thanks for too; {DESCRIBED}")
        return True

    def _credit_negative(self, rows: list[Row], roles: dict[str, int]) -> bool:
        """Tell whether all of the credit column has a minus and nothing of the debit column: only cards print that."""
        credits = [row[roles["credit"]] for row in rows if amount_at(row, roles["credit"])]
        debits = [row[roles["debit"]] for row in rows if amount_at(row, roles["debit"])]
        return bool(credits and debits) and all(map(_MINUS.search, credits)) and not any(map(_MINUS.search, debits))

    def proof(self, roles: dict[str, int], rows: list[Row], said: dict[str, Any], sign: int) -> bool:
        """Tell whether the running balance follows from the amounts under this sign, and say so."""
        if "balance" not in roles:
            return False
        words = {plain(word) for word in said.get("money_out", ())}
        if self.holds(rows, roles, sign, words):
            said["sign"] = "inverted" if sign < 0 else said["sign"]
            self.reasons.append("the running balance follows from the amounts, which proves their signs")
            return True
        if sign < 0 and said["sign"] == "inverted" and self.holds(rows, roles, 1, words):
            said["balance_owed"] = True
            self.reasons.append("the running balance is what is owed: it follows from the amounts as printed")
            return True
        return False

    def holds(self, rows: list[Row], roles: dict[str, int], sign: int, out: set[str] | None = None) -> bool:
        if len(rows) < 2:
            return False
        amounts = self._amounts(rows, roles, out or set())
        balances = self.column(rows, roles["balance"])
        usable = [
            (amount * sign, balance) for amount, balance in zip(amounts, balances, strict=True) if amount is not None
        ]
        chain = follow([amount for amount, _ in usable], [balance for _, balance in usable])
        return chain is not None and chain.holds and any(amount for amount, _ in usable)

    def _amounts(self, rows: list[Row], roles: dict[str, int], out: set[str]) -> list[Decimal | None]:
        if "amount" in roles:
            found = self.column(rows, roles["amount"])
            if "indicator" not in roles:
                return found
            at = roles["indicator"]
            return [
                -amount if amount is not None and plain(row[at]) in out else amount
                for row, amount in zip(rows, found, strict=True)
            ]
        debits, credits = self.column(rows, roles["debit"]), self.column(rows, roles["credit"])
        signed = all(not debit or debit < 0 for debit in debits) and any(debits)
        return [
            (credit or Decimal(0)) + (debit if signed else -debit) if debit else credit if credit is not None else debit
            for debit, credit in zip(debits, credits, strict=True)
        ]

    def column(self, rows: list[Row], at: int) -> list[Decimal | None]:
        texts = [row[at] for row in rows]
        marks = decide_mark(texts)
        if self.options.decimal_mark is not None and not marks.plain:
            marks = Marks(self.options.decimal_mark)
        return read_amounts(texts, self.options.currency, marks, lambda index, message: None)


def amount_at(row: Row, at: int) -> bool:
    """Tell whether a cell has an amount that is not zero."""
    return any(char in "123456789" for char in row[at])


def minus(rows: list[Row], at: int) -> bool:
    return any(_MINUS.search(row[at]) for row in rows if amount_at(row, at))


def is_money(rows: list[Row], at: int) -> bool:
    cells = [row[at].strip() for row in rows if row[at].strip()]
    return bool(cells) and all(map(looks_like_amount, cells)) and any(map(_DECIMALS.search, cells))


def filled(rows: list[Row], at: int) -> bool:
    return any(row[at].strip() for row in rows)


def is_text(rows: list[Row], at: int) -> bool:
    cells = [row[at].strip() for row in rows]
    return any(any(char.isalpha() for char in cell) for cell in cells) and not is_indicator(rows, at)


def is_indicator(rows: list[Row], at: int) -> bool:
    words = {plain(row[at]) for row in rows if at < len(row)}
    return bool(words) and "" not in words and words <= MONEY_IN | MONEY_OUT and len(words) <= 6
