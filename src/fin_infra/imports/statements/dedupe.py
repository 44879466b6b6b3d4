"""Merge overlapping exports of one account without losing or doubling a transaction.
Floor 4: equal content counted as often as it occurs is known; what only resembles a known one is asked, not guessed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date
from itertools import product

from fin_infra.arguments import checked
from fin_infra.imports.statements.answers import Answers, LineKey, line_key
from fin_infra.imports.statements.conflict import Answer, Conflict, MergeResult, Question
from fin_infra.imports.statements.likeness import holds, resembles
from fin_infra.model.statement import StatementLine

NEAR_DAYS = 5
"""Banks move a transaction's date by a weekend and a holiday; installments share an id at least a week apart."""


@checked
def merge(
    known: Sequence[StatementLine], incoming: Sequence[StatementLine], *, answers: Iterable[Answer] = ()
) -> MergeResult:
    """Sort the transactions of a further export of the same account into new, matched and conflicts.

    1. Same id, date, amount and a like text: matched, where no other line with that id, date and amount could be meant.
       Where these exports reuse ids, a word in common is not enough: one text holds the other.
    2. Of what is left on both sides, same date, amount and text (`description`, or `memo` without one): matched, as
       many times as it is known. So two equal coffees on one day both stay, and a bank that changes its ids from
       export to export doubles nothing. Where the only changed ids are on the first or last day of `incoming` while
       others were kept, they are asked: the export may have begun or ended in the middle of that day.
    3. Same id, date and amount: matched whatever the text; asked where these exports reuse ids, or where several
       texts share that id, date and amount.
    4. What resembles a line left on the other side is asked, once for each line it could double: a like text on the
       same date with the same amount; the same id with another amount or date at most five days away; or the same
       amount at most five days away, where one export covers the other's date and lacks the line. So is what a line
       left over may have lost to another by an answer, where that one resembles a known line left over as well.
    5. A line that repeats an id, date and amount of its own export, or corrects another line, is asked. All else is
       new: an id with another date or amount is another transaction, since banks reuse ids.

    `answers` are those given to earlier conflicts over these lines; each settles one question, now and on each repeat.
    """
    return _Merge(known, incoming, answers).result()


_Pair = tuple[int, int]
"""Positions of an incoming and a known line."""


class _Merge:
    """One merge at work: what is left on both sides, and where the incoming lines went."""

    def __init__(
        self, known: Sequence[StatementLine], incoming: Sequence[StatementLine], answers: Iterable[Answer]
    ) -> None:
        self.known = known
        self.incoming = incoming
        self.known_keys = [line_key(line) for line in known]
        self.keys = [line_key(line) for line in incoming]
        # Sorted, so that the order of the lines decides nothing.
        self.known_left = dict.fromkeys(sorted(range(len(known)), key=self.known_keys.__getitem__))
        self.left = dict.fromkeys(sorted(range(len(incoming)), key=self.keys.__getitem__))
        self.matched: dict[int, StatementLine] = {}
        self.asked: dict[int, Conflict] = {}
        self.held: dict[int, LineKey] = {}
        """Known lines that a person is asked about, and the key of the line that may be them."""
        self.answered: dict[int, int] = {}
        """Known lines that a person gave to an incoming line, and which."""
        self.days = _first_and_last(self.keys)
        self.known_days = _first_and_last(self.known_keys)
        self.answers = Answers(answers)

    def result(self) -> MergeResult:
        ids = {traits.identity for traits in self.known_keys if traits.id}
        ids_are_kept = any(traits.identity in ids for traits in self.keys if traits.id)
        used_anew = bool(self._ids_used_anew())
        self._match(self._pairs(lambda traits: traits if traits.id else None))
        self._match(self._clear_pairs(holds if used_anew else resembles))
        shared = self._shared_identities()
        self._ask_repeated()
        self._match_texts(ids_are_kept)
        self._match_ids(lambda traits: not used_anew and traits.identity not in shared)
        self._ask_corrections()
        self._ask_resembling()
        self._ask_displaced()
        self._ask_contradictions()
        return MergeResult(
            new=tuple(self.incoming[index] for index in sorted(self.left)),
            matched=tuple((self.incoming[index], self.matched[index]) for index in sorted(self.matched)),
            conflicts=tuple(self.asked[index] for index in sorted(self.asked)),
        )

    def _pairs(
        self,
        part: Callable[[LineKey], Hashable | None],
        known: Callable[[LineKey], bool] = bool,
        incoming: Callable[[LineKey], bool] = bool,
    ) -> list[_Pair]:
        """Pair lines left whose `part` is equal and not None."""
        pool: defaultdict[Hashable, list[int]] = defaultdict(list)
        for position in self.known_left:
            if position not in self.held and known(self.known_keys[position]):
                pool[part(self.known_keys[position])].append(position)
        pool.pop(None, None)
        found: list[_Pair] = []
        for index in self.left:
            positions = pool.get(part(self.keys[index]), []) if incoming(self.keys[index]) else []
            for place in reversed(range(len(positions))):
                position = positions[place]
                if not self.answers.differ(index, self.keys[index], self.known_keys[position]):
                    found.append((index, position))
                    del positions[place]
                    break
        return found

    def _clear_pairs(self, alike: Callable[[StatementLine, StatementLine], bool]) -> list[_Pair]:
        """Pair lines left of equal id, date and amount whose texts are like each other's and like no other's there.

        An id, date and amount that several lines have tells nothing about which is which, so a line that may be two of
        them takes none: the wrong one would leave its own partner over, and that one would double.
        """
        found: list[_Pair] = []
        for indexes, positions in self._same_identity():
            likes = {
                (index, position)
                for index, position in product(indexes, positions)
                if alike(self.incoming[index], self.known[position])
            }
            may_be = _texts_by({(index, self.known_keys[position].words) for index, position in likes})
            may_come = _texts_by({(position, self.keys[index].words) for index, position in likes})
            clear = [(i, p) for i, p in sorted(likes) if may_be[i] == 1 and may_come[p] == 1]
            found += self._as_often_as_known(clear)
        return found

    def _same_identity(self) -> Iterator[tuple[list[int], list[int]]]:
        """Yield the incoming and the known lines left that have an id, date and amount in common."""
        pool: defaultdict[Hashable, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for position in self.known_left:
            if self.known_keys[position].id:
                pool[self.known_keys[position].identity][1].append(position)
        for index in self.left:
            if self.keys[index].identity in pool:
                pool[self.keys[index].identity][0].append(index)
        yield from (group for group in pool.values() if group[0])

    def _as_often_as_known(self, pairs: Iterable[_Pair]) -> Iterator[_Pair]:
        """Yield pairs so that each line is in one of them, leaving those out that were said to differ."""
        indexes: set[int] = set()
        positions: set[int] = set()
        for index, position in pairs:
            if index in indexes or position in positions:
                continue
            if not self.answers.differ(index, self.keys[index], self.known_keys[position]):
                indexes.add(index)
                positions.add(position)
                yield index, position

    def _match(self, pairs: Iterable[_Pair]) -> None:
        for index, position in pairs:
            self.matched[index] = self.known[position]
            del self.left[index], self.known_left[position]

    def _match_texts(self, ids_are_kept: bool) -> None:
        """Match equal texts; those between two different ids come last, and are asked at the edges of the export."""
        for known, incoming in ((_without_id, _without_id), (_without_id, _with_id), (_with_id, _without_id)):
            self._match(self._pairs(lambda traits: traits.text, known, incoming))
        changed = self._pairs(lambda traits: traits.text, _with_id, _with_id)
        at_edges = ids_are_kept and all(self.keys[index].posted in self.days for index, _ in changed)
        ids, known_ids = {traits.id for traits in self.keys}, {traits.id for traits in self.known_keys}
        moved, used_anew = self._moved(), self._ids_used_anew()
        for index, position in changed:
            own, other = self.keys[index].id, self.known_keys[position].id
            reused = own in known_ids or other in ids or own in used_anew or other in used_anew
            if at_edges and not reused:
                self._ask(Question.ID_CHANGED, index, position)
            elif index not in moved:
                self._match([(index, position)])

    def _moved(self) -> set[int]:
        """Return the lines left whose own id is left on the other side at another date: they may be that one."""
        by_id: defaultdict[str, list[int]] = defaultdict(list)
        for position in self.known_left:
            by_id[self.known_keys[position].id].append(position)
        by_id.pop("", None)
        return {
            index
            for index in self.left
            if any(
                self._question(index, position) is Question.DATE_CHANGED
                for position in by_id.get(self.keys[index].id, ())
            )
        }

    def _match_ids(self, tells: Callable[[LineKey], bool]) -> None:
        """Match what has id, date and amount in common whatever the text, where those tell lines apart; else ask."""
        for index, position in self._pairs(lambda traits: traits.identity if traits.id else None):
            if tells(self.keys[index]):
                self._match([(index, position)])
            else:
                self._ask(Question.TEXT_CHANGED, index, position)

    def _shared_identities(self) -> set[Hashable]:
        """Return the ids with date and amount that lines left of different texts share, on one side or the other."""
        return {
            self.keys[indexes[0]].identity
            for indexes, positions in self._same_identity()
            if len({self.keys[index].words for index in indexes}) > 1
            or len({self.known_keys[position].words for position in positions}) > 1
        }

    def _ids_used_anew(self) -> set[str]:
        """Return the ids that stand for several dates or amounts, so that they do not identify by themselves.

        Both sides count as one, so that an id is judged alike before and after its lines have become known.
        """
        uses: defaultdict[str, set[Hashable]] = defaultdict(set)
        for traits in (*self.known_keys, *self.keys):
            uses[traits.id].add(traits.identity)
        uses.pop("", None)
        return {id_ for id_, identities in uses.items() if len(identities) > 1}

    def _ask_repeated(self) -> None:
        first = {self.keys[index].identity: index for index in self.matched}
        for index in list(self.left):
            traits = self.keys[index]
            if traits.id and first.setdefault(traits.identity, index) != index:
                self._ask_about(Question.REPEATED, index, self.incoming[first[traits.identity]])

    def _ask_corrections(self) -> None:
        by_id = {line.id: line for line in (*self.incoming, *self.known) if line.id}
        for index in list(self.left):
            corrected = self.incoming[index].corrects
            if corrected:
                self._ask_about(Question.CORRECTS, index, by_id.get(corrected))

    def _ask_resembling(self) -> None:
        """Ask about what resembles a line left on the other side: what was answered first, then the best pairs."""
        found = sorted(self._resembling())
        for _, _, traits, other, question, index, position in found:
            if self.answers.same(traits, other):
                self._ask_if_left(question, index, position)
        for _, _, _, _, question, index, position in found:
            if position not in self.held:
                self._ask_if_left(question, index, position)
        for _, _, traits, _, question, index, position in found:
            if (
                position in self.held and self.held[position].text != traits.text
            ):  # equal ones are counted: a further twin
                self._ask_if_left(question, index, position)

    def _ask_if_left(self, question: Question, index: int, position: int) -> None:
        if index not in self.left or position not in self.known_left:
            return
        if not self.answers.differ(index, self.keys[index], self.known_keys[position]):
            self._ask(question, index, position)

    def _resembling(self) -> Iterator[tuple[int, int, LineKey, LineKey, Question, int, int]]:
        """Yield how two lines left differ, by how many days, their keys, the question, and their positions."""
        by_day: defaultdict[Hashable, list[int]] = defaultdict(list)
        by_id: defaultdict[str, list[int]] = defaultdict(list)
        for position in self.known_left:
            traits = self.known_keys[position]
            by_day[(*traits.money, traits.posted.toordinal())].append(position)
            if traits.id:
                by_id[traits.id].append(position)
        for index in self.left:
            traits = self.keys[index]
            today = traits.posted.toordinal()
            days = range(today - NEAR_DAYS, today + NEAR_DAYS + 1)
            near = {position for day in days for position in by_day.get((*traits.money, day), ())}
            for position in near | set(by_id.get(traits.id, ())):
                other = self.known_keys[position]
                question = self._question(index, position)
                if question:
                    likely = (
                        0
                        if traits.id and traits.id == other.id and traits.money == other.money
                        else _ORDER.index(question)
                    )
                    yield likely, abs((traits.posted - other.posted).days), traits, other, question, index, position

    def _question(self, index: int, position: int) -> Question | None:
        """Return what to ask about two lines left; None where they are two."""
        traits, other = self.keys[index], self.known_keys[position]
        line, known = self.incoming[index], self.known[position]
        if traits.currency != other.currency or abs((traits.posted - other.posted).days) > NEAR_DAYS:
            return None
        same_id = bool(traits.id) and traits.id == other.id
        if traits.amount != other.amount:
            return Question.AMOUNT_CHANGED if same_id and resembles(line, known) else None
        if not resembles(line, known):
            return None
        if traits.posted == other.posted:
            return Question.ID_CHANGED if traits.words == other.words else Question.TEXT_CHANGED
        return Question.DATE_CHANGED if same_id or self._lacks(traits, other) else None

    def _lacks(self, traits: LineKey, other: LineKey) -> bool:
        """Tell whether one side covers the day of the other's line, and so ought to have it."""
        (first, last), (known_first, known_last) = self.days, self.known_days
        return first <= other.posted <= last or known_first <= traits.posted <= known_last

    def _ask_displaced(self) -> None:
        """Ask about known lines that were given to another line, where that one may as well be a line left over.

        Of two equal lines nobody can say which moved where, so the answers about them may have used up a partner.
        """
        elsewhere = [
            position
            for position, taker in self.answered.items()
            if any(self._question(taker, left) for left in self.known_left)
        ]
        for index in list(self.left):
            traits = self.keys[index]
            for position in sorted(elsewhere, key=lambda p: abs((self.known_keys[p].posted - traits.posted).days)):
                other = self.known_keys[position]
                question = self._question(index, position)
                if question is None or self.keys[self.answered[position]].text == traits.text:
                    continue
                if not self.answers.same(traits, other) and not self.answers.differ(index, traits, other):
                    self._place(
                        Conflict(question=question, incoming=self.incoming[index], other=self.known[position]), index
                    )
                    break

    def _ask_contradictions(self) -> None:
        """Ask again where a line was said to be a known one that the export has beside it."""
        for index in list(self.left):
            said = self.answers.same_as(self.keys[index])
            other = next(
                (line for line, traits in zip(self.known, self.known_keys, strict=True) if traits in said), None
            )
            if other is not None:
                self._ask_about(Question.REPEATED, index, other)

    def _ask(self, question: Question, index: int, position: int) -> None:
        """Ask whether an incoming line is a known one, or take the answer that was given."""
        if self.answers.take(self.keys[index], self.known_keys[position]):
            self.answered[position] = index
            self._match([(index, position)])
        else:
            self.held.setdefault(position, self.keys[index])
            self._place(Conflict(question=question, incoming=self.incoming[index], other=self.known[position]), index)

    def _ask_about(self, question: Question, index: int, other: StatementLine | None) -> None:
        """Ask about an incoming line without holding a known one for it."""
        said = self.answers.alone(question, self.keys[index], other)
        if said is None:
            self._place(Conflict(question=question, incoming=self.incoming[index], other=other), index)
        elif said and other is not None:
            self.matched[index] = other
            del self.left[index]

    def _place(self, conflict: Conflict, index: int) -> None:
        self.asked[index] = conflict
        del self.left[index]


_ORDER = [None, Question.ID_CHANGED, Question.TEXT_CHANGED, Question.DATE_CHANGED, Question.AMOUNT_CHANGED]
"""The likelier first; before them all, an equal id and amount."""


def _texts_by(found: Iterable[tuple[int, str]]) -> Counter[int]:
    """Count the different texts that stand beside each line."""
    return Counter(line for line, _ in found)


def _with_id(traits: LineKey) -> bool:
    return bool(traits.id)


def _without_id(traits: LineKey) -> bool:
    return not traits.id


def _first_and_last(keys: Sequence[LineKey]) -> tuple[date, date]:
    days = [traits.posted for traits in keys]
    return (min(days), max(days)) if days else (date.max, date.min)
