"""Which account of the book a statement file is of: by what it prints, by a person's word, or a question.
Floor 6: equal identities prove it; an ending and a currency in common make a candidate and nothing more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from secrets import token_hex

import msgspec

from fin_infra.book.accounts import REMOVED, Accounts, Kept
from fin_infra.book.documents import Group
from fin_infra.book.exports.marks import NO_MARKS, Marks, reference
from fin_infra.book.file_sealing import FileSealer
from fin_infra.book.import_records import MatchReason
from fin_infra.book.log import Log
from fin_infra.errors import InvalidInput
from fin_infra.imports.statements import AccountMatch, account_candidates, same_account
from fin_infra.model import AccountStatus, AccountSubtype, AccountType, StatementAccount
from fin_infra.security.envelope import Sealed

FILE = "file"
"""The source of an account that a statement file told of."""


@dataclass(slots=True)
class Match:
    """What is known of the account of a statement."""

    reason: MatchReason
    row: int | None = None
    """The account that has exactly what the file prints."""
    target: int | None = None
    """The account that people see: `row`, or what it is joined to; None for a new one and an undecided one."""
    candidates: list[int] = field(default_factory=list[int])


class FileAccounts:
    """The accounts of a household with what files print of them, inside one transaction."""

    def __init__(self, accounts: Accounts, sealer: FileSealer, marks: Marks = NO_MARKS) -> None:
        self.accounts = accounts
        self._sealer = sealer
        self.marks = marks
        told = {row: self._opened(kept) for row, kept in accounts.kept.items() if kept.source == FILE and kept.sealed}
        self.printed = {row: each for row, each in told.items() if accounts.kept[row].status != REMOVED}
        self._undone = {each.identity: row for row, each in told.items() if row not in self.printed}
        """Accounts that went with their imports: they prove nothing, and one that comes again is the same row."""

    def _opened(self, kept: Kept) -> StatementAccount:
        content = self._sealer.open(Sealed.from_text(kept.sealed or ""), _purpose(kept.vendor_id))
        return msgspec.json.decode(content, type=StatementAccount)

    def matches(self, groups: Sequence[Group], account_id: int | None, *, new_account: bool) -> list[Match]:
        """Return what is known of the account of each part of a file.

        Raises:
            InvalidInput: `account_id` is not in the book, or cannot be the account of the file.
        """
        found = [self._match(group.account) for group in groups]
        if account_id is not None:
            if new_account:
                raise InvalidInput("Give either account_id, or new_account for an account that the book does not have.")
            self._take_word(groups, found, account_id)
        elif new_account:
            for match in found:
                if match.reason is MatchReason.UNDECIDED:
                    match.reason = MatchReason.NEW
        return found

    def _match(self, account: StatementAccount) -> Match:
        own = self.marks.id_in(account.number)
        if own in self.accounts.kept and self.accounts.kept[own].status != REMOVED:
            return Match(MatchReason.EXPORT, own, self.accounts.target(own))
        for row, printed in self.printed.items():
            if printed.identity == account.identity or _exported_alike(printed, account):
                return Match(MatchReason.NUMBER, row, self.accounts.target(row))
        candidates = self._candidates(account)
        return Match(MatchReason.UNDECIDED if candidates else MatchReason.NEW, candidates=candidates)

    def _candidates(self, account: StatementAccount) -> list[int]:
        """Return the accounts that a person has to be asked about."""
        rows = {id(printed): row for row, printed in self.printed.items()}
        asked = account_candidates(account, self.printed.values())
        found = [self.accounts.target(rows[id(printed)]) for printed in asked]
        for row, kept in self.accounts.kept.items():
            if kept.source != FILE and kept.status != REMOVED and _may_be(kept, account):
                found.append(self.accounts.target(row))
        return sorted(set(found))

    def _take_word(self, groups: Sequence[Group], found: list[Match], account_id: int) -> None:
        target = self.require(account_id)
        open_ones = [at for at, match in enumerate(found) if match.row is None]
        if not open_ones:
            self._agree(groups, found, target)
            return
        meant = [at for at in open_ones if target in found[at].candidates] or open_ones
        if len(meant) != 1:
            raise InvalidInput(
                f"This file is of {len(meant)} accounts that may be meant by account_id; import it with new_account, "
                "then join each that the book has already."
            )
        [at] = meant
        self._refuse(groups[at].account, target)
        found[at] = Match(MatchReason.WORD, None, target)

    def _agree(self, groups: Sequence[Group], found: Sequence[Match], target: int) -> None:
        if target not in [match.target for match in found]:
            label = groups[0].account.label
            raise InvalidInput(
                f"By the number that it prints this file is of another account, {label} "
                f"(id {found[0].target}); leave account_id out, or join the two accounts."
            )

    def _refuse(self, account: StatementAccount, target: int) -> None:
        """Refuse an account that the file contradicts.

        Raises:
            InvalidInput: currency, what was printed of it before, or its ending differ.
        """
        kept = self.accounts.kept[target]
        if kept.currency != account.currency:
            raise InvalidInput(
                f"This statement is in {account.currency}, and the account {target} is in {kept.currency}; give the "
                "account that the statement is of, or import it as a new one."
            )
        printed = [self.printed[row] for row in self.accounts.all_of(target) if row in self.printed]
        if printed and all(same_account(account, each) is AccountMatch.DIFFERENT for each in printed):
            raise InvalidInput(
                f"This statement prints another account than the files of account {target}; give the account that it "
                "is of, or import it as a new one."
            )
        if not printed and kept.ending and account.ending and not ends_alike(kept.ending, account.ending):
            raise InvalidInput(
                f"This statement is of an account ending {account.ending}, and the account {target} ends "
                f"{kept.ending}; give the account that it is of, or import it as a new one and join the two."
            )

    def require(self, account_id: int) -> int:
        """Return the account that people see for an id.

        Raises:
            InvalidInput: the book does not have it.
        """
        kept = self.accounts.kept.get(account_id)
        if kept is None or kept.status == REMOVED:
            raise InvalidInput(f"The book has no account {account_id}.")
        return self.accounts.target(account_id)

    def undecided(self, group: Group, match: Match) -> InvalidInput:
        """Return the sentence that asks for the account of a statement."""
        names = [f"{_named(self.accounts.kept[row])} (id {row})" for row in match.candidates]
        return InvalidInput(
            f"The statement of the {group.account.label} may be of an account that the book has: {', '.join(names)}; "
            "give account_id, or new_account where it is none of them."
        )

    def _taken_back(self, account: StatementAccount) -> int | None:
        """Return the account that an export of this book names and that went with its imports; None without one."""
        own = self.marks.id_in(account.number)
        return own if own in self._undone.values() else None

    def write(self, log: Log, group: Group, match: Match) -> tuple[int, int]:
        """Write the account of a statement where it is not there; return its row, and the one that people see."""
        if match.row is not None and match.target is not None:
            return match.row, match.target
        account, vendor_id = group.account, f"f-{token_hex(8)}"
        undone = self._undone.get(account.identity, self._taken_back(account))
        if undone is not None:
            again = self.accounts.kept[undone]._replace(status=AccountStatus.OPEN.value, joined=match.target)
            self.accounts.put(log, undone, again)
            self.printed[undone] = account
            return undone, self.accounts.target(undone)
        sealed = self._sealer.seal(msgspec.json.encode(account), _purpose(vendor_id))
        kept = Kept(
            source=FILE,
            vendor_id=vendor_id,
            name=account.label.capitalize(),
            type=account.type.value,
            subtype=AccountSubtype.UNKNOWN.value,
            currency=account.currency,
            institution=account.institution or "",
            ending=account.ending or None,
            status=AccountStatus.OPEN.value,
            joined=match.target,
            sealed=sealed.text,
        )
        row = self.accounts.put(log, None, kept)
        self.printed[row] = account
        return row, self.accounts.target(row)


def _exported_alike(one: StatementAccount, other: StatementAccount) -> bool:
    """Tell whether two exports of another book name the same of its accounts, whatever their formats print of it."""
    named = reference(one.number)
    return named is not None and named == reference(other.number) and one.currency == other.currency


def _purpose(vendor_id: str) -> str:
    return f"account:{vendor_id}"


def _named(kept: Kept) -> str:
    ending = f" ending {kept.ending}" if kept.ending and kept.ending not in kept.name else ""
    return f"{kept.name}{ending}"


def _may_be(kept: Kept, account: StatementAccount) -> bool:
    """Tell whether an account that no file printed may be the one of a statement."""
    kinds = {kept.type, account.type.value} - {AccountType.UNKNOWN.value}
    return kept.currency == account.currency and len(kinds) < 2 and ends_alike(kept.ending, account.ending)


def ends_alike(one: str | None, other: str | None) -> bool:
    """Tell whether two endings agree; a short number shows fewer digits than four."""
    return bool(one and other) and ((one or "").endswith(other or "") or (other or "").endswith(one or ""))
