"""Steps and their undoing."""

from __future__ import annotations

import pytest

from fin_infra.errors import InvalidInput
from fin_infra.insights.budgets.steps import Close, Reopen, Undo, standing

ONE, TWO, THREE = Close(month="2026-10"), Close(month="2026-11"), Reopen(month="2026-11")


def test_steps_when_undone_then_the_last_that_stands_goes_each_time() -> None:
    assert standing([ONE, TWO, Undo(), THREE, Undo(), Undo()]) == []
    assert standing([ONE, TWO, Undo(), THREE]) == [ONE, THREE]


def test_undo_when_there_is_nothing_then_says_so() -> None:
    with pytest.raises(InvalidInput, match=r"^There is nothing to undo in this budget\.$"):
        standing([ONE, Undo(), Undo()])
