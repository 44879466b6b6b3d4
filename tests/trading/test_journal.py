"""The journal: append-only, atomic between threads and processes, private to its owner, and readable after a kill."""

from __future__ import annotations

import re
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from fin_infra.errors import (
    ConfigurationError,
    DeadlineExceeded,
    FinInfraError,
    JournalUnavailable,
    NotFound,
    OrderChecksFailed,
    OrderInFlight,
    OrderRejected,
    OrderStateUnknown,
    ProviderUnavailable,
    RejectReason,
)
from fin_infra.flow.call import deadline
from fin_infra.trading import (
    JournalEntry,
    SqliteJournal,
    State,
    Submission,
    Time,
    TradingLimits,
    client_order_id,
    ids,
    reconcile,
)
from fin_infra.trading import journal as journal_module
from fin_infra.trading.journal import combined
from fin_infra.transport.replay import Replay
from tests.trading.support import MIDNIGHT, OPEN, account, d, market, new_order, placed, surroundings

ACCOUNT = "account-1"
CLIENT_ORDER_ID = client_order_id(ACCOUNT, "key-1")
EVER = datetime(1, 1, 2, tzinfo=OPEN.tzinfo)


def attempt(number: str = "1", client_order_id: str = "fin-1", **facts: Any) -> JournalEntry:
    given: dict[str, Any] = {
        "account": ACCOUNT,
        "client_order_id": client_order_id,
        "attempt": number,
        "fingerprint": "f",
        "summary": "buy 10 US:AAPL market day",
        "estimate": d("1040.104"),
        "at": OPEN,
        "lands_by": OPEN + timedelta(seconds=150),
    }
    return JournalEntry(**(given | facts))


def agree(known: JournalEntry | None, others: Any) -> None:
    """Object to nothing."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "orders.sqlite3"


@pytest.fixture
def journal(file: Path) -> Iterator[SqliteJournal]:
    opened = SqliteJournal(file)
    yield opened
    opened.close()


def state(journal: SqliteJournal, client_order_id: str = "fin-1") -> State | None:
    known = combined(journal.find(ACCOUNT, client_order_id))
    return known and known.state


# What it holds.


def test_entry_when_written_then_comes_back_as_it_was(journal: SqliteJournal) -> None:
    elsewhere = timezone(timedelta(hours=9))
    entry = attempt(at=OPEN.astimezone(elsewhere), estimate=Decimal("0.1000000000000000001"))
    assert journal.open(entry, EVER, agree) is None
    assert journal.find(ACCOUNT, "fin-1") == [entry]
    assert journal.find(ACCOUNT, "fin-2") == []
    assert journal.find("account-2", "fin-1") == []


@pytest.mark.parametrize("statement", ["UPDATE order_journal SET state = 'placed'", "DELETE FROM order_journal"])
def test_database_when_told_to_change_a_line_then_refuses(journal: SqliteJournal, file: Path, statement: str) -> None:
    journal.open(attempt(), EVER, agree)
    other = sqlite3.connect(file)
    try:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            other.execute(statement)
        replaced = (
            "INSERT OR REPLACE INTO order_journal SELECT seq,account,client_order_id,attempt,fingerprint,summary,"
        )
        replaced += "estimate,at,lands_by,'placed',order_id,written FROM order_journal"
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            other.execute(replaced)
    finally:
        other.close()
    assert state(journal) is State.INTENT


def test_lines_when_an_order_goes_its_way_then_all_stay(journal: SqliteJournal, file: Path) -> None:
    journal.open(attempt(), EVER, agree)
    journal.record(attempt(), State.UNKNOWN, OPEN, None)
    journal.record(attempt(), State.PLACED, OPEN, "order-1")
    other = sqlite3.connect(file)
    try:
        rows = other.execute("SELECT state, order_id FROM order_journal ORDER BY seq").fetchall()
    finally:
        other.close()
    assert rows == [("intent", None), ("unknown", None), ("placed", "order-1")]


ENDS = [  # what each of two attempts met, and what that makes of the order
    (State.PLACED, State.REFUSED, State.PLACED),
    (State.REFUSED, State.PLACED, State.PLACED),
    (State.UNKNOWN, State.PLACED, State.PLACED),
    (State.UNKNOWN, State.REFUSED, State.UNKNOWN),
    (State.REFUSED, State.UNKNOWN, State.UNKNOWN),
    (State.INTENT, State.ABSENT, State.INTENT),
    (State.ABSENT, State.INTENT, State.INTENT),
    (State.REFUSED, State.ABSENT, State.ABSENT),
    (State.ABSENT, State.REFUSED, State.REFUSED),
]


@pytest.mark.parametrize(("first", "second", "order"), ENDS)
def test_attempts_when_they_end_apart_then_the_order_is_what_is_surest(
    journal: SqliteJournal, first: State, second: State, order: State
) -> None:
    for number in ("1", "2"):
        assert journal.open(attempt(number), EVER, agree) is None
    for number, end in (("1", first), ("2", second)):
        if end is not State.INTENT:
            journal.record(attempt(number), end, OPEN, "order-1" if end is State.PLACED else None)
    assert state(journal) is order


def test_placed_when_others_are_recorded_later_then_stays_placed(journal: SqliteJournal) -> None:
    for number in ("1", "2"):
        journal.open(attempt(number), EVER, agree)
    assert journal.record(attempt("1"), State.PLACED, OPEN, "order-1").state is State.PLACED
    for end in (State.ABSENT, State.REFUSED, State.UNKNOWN):
        for number in ("1", "2"):
            assert journal.record(attempt(number), end, OPEN, None).order_id == "order-1"
    assert state(journal) is State.PLACED
    assert journal.unresolved(ACCOUNT) == []
    known = journal.open(attempt("3"), EVER, agree)
    assert known is not None
    assert known.order_id == "order-1"


def test_unresolved_when_asked_then_names_the_attempts_without_an_end(journal: SqliteJournal) -> None:
    for number, given in enumerate(("fin-1", "fin-2", "fin-3", "fin-4")):
        journal.open(attempt(client_order_id=given, at=OPEN + timedelta(seconds=number)), EVER, agree)
    journal.record(attempt(client_order_id="fin-1"), State.PLACED, OPEN, "order-1")
    fin_2 = attempt(client_order_id="fin-2", at=OPEN + timedelta(seconds=1))
    journal.record(fin_2, State.UNKNOWN, OPEN + timedelta(seconds=9), None)
    journal.record(attempt(client_order_id="fin-3"), State.REFUSED, OPEN, None)
    journal.open(attempt(client_order_id="fin-5", account="account-2"), EVER, agree)
    assert [found.client_order_id for found in journal.unresolved(ACCOUNT)] == ["fin-2", "fin-4"]


# The judge.


def test_judge_when_it_objects_then_nothing_is_written(journal: SqliteJournal) -> None:
    def object_to_it(known: JournalEntry | None, others: Any) -> None:
        raise OrderChecksFailed([("halt", "Trading is halted.")])

    with pytest.raises(OrderChecksFailed):
        journal.open(attempt(), EVER, object_to_it)
    assert journal.find(ACCOUNT, "fin-1") == []
    assert journal.open(attempt(), EVER, agree) is None


def test_judge_when_shown_the_others_then_sees_each_order_that_counts_once(journal: SqliteJournal) -> None:
    seen: list[tuple[JournalEntry | None, list[JournalEntry]]] = []
    for given, end in (("fin-1", State.PLACED), ("fin-2", State.REFUSED), ("fin-3", State.ABSENT)):
        for number in ("1", "2"):
            journal.open(attempt(number, given), EVER, agree)
        for number in ("1", "2"):
            journal.record(attempt(number, given), end, OPEN, "order-1" if end is State.PLACED else None)
    journal.open(attempt("1", "fin-4"), EVER, agree)
    journal.open(attempt("1", "fin-old", at=OPEN - timedelta(seconds=1)), EVER, agree)
    journal.open(attempt("1", "fin-1", account="account-2"), EVER, agree)
    journal.open(attempt("2", "fin-4"), OPEN, lambda known, others: seen.append((known, list(others))))
    known, others = seen[0]
    assert known is not None
    assert (known.client_order_id, known.attempt) == ("fin-4", "1")
    assert [(found.client_order_id, found.state) for found in others] == [("fin-1", State.PLACED)]


def test_order_when_found_out_about_today_then_counts_on_the_day_it_was_meant(journal: SqliteJournal) -> None:
    journal.open(attempt(at=MIDNIGHT - timedelta(hours=1)), EVER, agree)
    journal.record(attempt(at=MIDNIGHT - timedelta(hours=1)), State.PLACED, MIDNIGHT + timedelta(hours=1), "order-1")
    counted: list[int] = []
    journal.open(attempt(client_order_id="fin-2"), MIDNIGHT, lambda known, others: counted.append(len(others)))
    journal.open(
        attempt(client_order_id="fin-3", at=MIDNIGHT), MIDNIGHT, lambda known, others: counted.append(len(others))
    )
    journal.open(
        attempt(client_order_id="fin-4", at=MIDNIGHT), MIDNIGHT, lambda known, others: counted.append(len(others))
    )
    assert counted == [0, 0, 1]


# Atomic.


def test_daily_limit_when_threads_open_at_once_then_is_never_passed(file: Path) -> None:
    threads, worth, most = 16, d("10"), d("50")
    journals = [SqliteJournal(file) for _ in range(4)]
    barrier = Barrier(threads)

    def order(number: int) -> bool:
        def judge(known: JournalEntry | None, others: Any) -> None:
            if sum(found.estimate for found in others) + worth > most:
                raise OrderChecksFailed([("max_notional_per_day", "Enough for today.")])

        barrier.wait()
        try:
            journals[number % 4].open(attempt(client_order_id=f"fin-{number}", estimate=worth), EVER, judge)
        except OrderChecksFailed:
            return False
        return True

    with ThreadPoolExecutor(threads) as pool:
        taken = sum(pool.map(order, range(threads)))
    for opened in journals:
        opened.close()
    assert taken == 5


WRITER = """
import sys
from decimal import Decimal
sys.path.insert(0, sys.argv[2])
from tests.trading.test_journal import attempt, EVER
from fin_infra.errors import OrderChecksFailed
from fin_infra.trading import SqliteJournal

def judge(known, others):
    if len(others) >= 30:
        raise OrderChecksFailed([("max", "Enough.")])

journal, taken = SqliteJournal(sys.argv[1]), 0
for number in range(20):
    try:
        journal.open(attempt(client_order_id=f"fin-{sys.argv[3]}-{number}"), EVER, judge)
        taken += 1
    except OrderChecksFailed:
        pass
print(taken)
"""


def test_limit_when_processes_open_at_once_then_is_never_passed(file: Path) -> None:
    here = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-c", WRITER, str(file), here]
    running = [subprocess.Popen([*command, str(number)], stdout=subprocess.PIPE, text=True) for number in range(3)]
    taken = [int(process.communicate(timeout=120)[0]) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert sum(taken) == 30


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from tests.trading.test_journal import attempt, EVER, agree
from fin_infra.trading import SqliteJournal

journal = SqliteJournal(sys.argv[1])
journal.open(attempt(client_order_id="fin-before"), EVER, agree)
with journal._transaction() as cursor:
    cursor.execute("INSERT INTO order_journal (account, client_order_id, attempt, fingerprint, summary, estimate, at,"
                   " lands_by, state, written) VALUES ('account-1','fin-half','1','f','s','1','x','x','intent','x')")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_file_when_a_process_is_killed_in_the_middle_then_is_usable_and_holds_nothing_half(file: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(file), str(Path(__file__).resolve().parents[2])], timeout=120
    )
    assert ended.returncode == -signal.SIGKILL
    journal = SqliteJournal(file)
    assert state(journal, "fin-before") is State.INTENT
    assert journal.find(ACCOUNT, "fin-half") == []
    assert journal.open(attempt(client_order_id="fin-after"), EVER, agree) is None
    journal.close()


# The file.


def test_file_when_made_then_nobody_else_may_read_it(journal: SqliteJournal, file: Path) -> None:
    journal.open(attempt(), EVER, agree)
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    for made in file.parent.iterdir():
        assert stat.S_IMODE(made.stat().st_mode) == 0o600, made.name
    assert {made.name for made in file.parent.iterdir()} >= {"orders.sqlite3", "orders.sqlite3-wal"}


def no_sqlite(folder: Path) -> Path:
    file = folder / "text"
    file.write_text("this is no database, however long one reads on " * 50)
    return file


def a_folder(folder: Path) -> Path:
    return folder


def below_a_file(folder: Path) -> Path:
    (folder / "file").touch()
    return folder / "file" / "orders.sqlite3"


def another_table(folder: Path) -> Path:
    connection = sqlite3.connect(folder / "other")
    connection.execute("CREATE TABLE order_journal (seq INTEGER, account TEXT, client_order_id, attempt, at TEXT)")
    connection.close()
    return folder / "other"


@pytest.mark.parametrize("make", [no_sqlite, a_folder, below_a_file, another_table])
def test_file_when_it_cannot_be_a_journal_then_the_error_names_the_variable(make: Any, tmp_path: Path) -> None:
    with pytest.raises(JournalUnavailable, match=r"FIN_INFRA_TRADING_JOURNAL to another path\.$"):
        SqliteJournal(make(tmp_path))


def test_journal_when_the_database_breaks_later_then_says_so_in_a_sentence(file: Path) -> None:
    journal = SqliteJournal(file)
    breaker = sqlite3.connect(file)
    breaker.execute("DROP TABLE order_journal")
    breaker.close()
    with pytest.raises(JournalUnavailable, match="FIN_INFRA_TRADING_JOURNAL"):
        journal.open(attempt(), EVER, agree)
    with pytest.raises(JournalUnavailable, match="FIN_INFRA_TRADING_JOURNAL"):
        journal.unresolved(ACCOUNT)
    journal.close()


def test_lock_when_another_process_holds_the_file_then_the_error_is_ours(file: Path) -> None:
    journal, other = SqliteJournal(file), sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with deadline(0.5), pytest.raises(JournalUnavailable, match="locked"):
        journal.open(attempt(), EVER, agree)
    assert 0.4 <= time.monotonic() - began < 5  # without a deadline it is 30 s
    other.execute("ROLLBACK")
    assert journal.open(attempt(), EVER, agree) is None
    other.close()
    journal.close()


def test_lock_when_another_thread_is_in_the_middle_then_waits_no_longer_than_the_deadline(
    journal: SqliteJournal,
) -> None:
    began = time.monotonic()
    with journal._transaction(), deadline(0.5), pytest.raises(JournalUnavailable, match="another call of this process"):
        journal.unresolved(ACCOUNT)
    assert time.monotonic() - began < 5
    assert journal.unresolved(ACCOUNT) == []


def deleted(file: Path) -> None:
    file.unlink()


def deleted_with_its_log(file: Path) -> None:
    for made in file.parent.iterdir():
        made.unlink()


def rotated(file: Path) -> None:
    file.rename(file.with_suffix(".1"))


def restored(file: Path) -> None:
    kept = file.with_suffix(".backup")
    source, target = sqlite3.connect(file), sqlite3.connect(kept)
    source.backup(target)
    source.close()
    target.close()
    kept.replace(file)


def log_deleted(file: Path) -> None:
    file.with_name(f"{file.name}-wal").unlink()


@pytest.mark.parametrize("lose", [deleted, deleted_with_its_log, rotated, restored, log_deleted])
def test_submit_when_the_journals_file_is_lost_while_it_is_open_then_nothing_is_sent(
    journal: SqliteJournal, file: Path, lose: Callable[[Path], None]
) -> None:
    run_submit(Broker([], [placed(new_order(), "fin-1")]), journal, "key-1")
    lose(file)
    before = {made.name: made.read_bytes() for made in file.parent.iterdir()}
    broker = Broker([], [placed(new_order("3"), "fin-2")])
    for _ in range(2):
        with pytest.raises(JournalUnavailable, match="was deleted or replaced while it was open"):
            run_submit(broker, journal, "key-2", new_order("3"))
    assert broker.sent == []
    assert {made.name: made.read_bytes() for made in file.parent.iterdir()} == before


def test_step_when_the_file_is_lost_in_the_middle_of_it_then_is_not_taken_for_written(
    journal: SqliteJournal, file: Path
) -> None:
    with pytest.raises(JournalUnavailable, match="was deleted or replaced"):
        journal.open(attempt(), EVER, lambda known, others: file.unlink())


def test_journal_when_its_file_is_lost_after_a_fork_then_none_is_made_in_its_place(file: Path) -> None:
    journal = SqliteJournal(file)
    journal.before_fork()
    journal.after_fork()
    deleted_with_its_log(file)
    with pytest.raises(JournalUnavailable, match="was deleted or replaced"):
        journal.open(attempt(), EVER, agree)
    assert list(file.parent.iterdir()) == []


def test_journal_when_forks_follow_each_other_then_its_log_of_each_time_is_the_right_one(file: Path) -> None:
    journal = SqliteJournal(file)
    for number in range(3):
        assert journal.open(attempt(client_order_id=f"fin-{number}"), EVER, agree) is None
        journal.before_fork()
        journal.after_fork()
    assert len(journal.unresolved(ACCOUNT)) == 3
    journal.close()


def test_statements_when_another_database_runs_them_then_have_question_marks_alone() -> None:
    names = ("_OF_ID", "_SINCE", "_OPEN", "_INSERT")
    for statement in (getattr(journal_module, name) for name in names):
        assert "?" in statement
        assert not re.search(r"[:%$]\w|INSERT OR|IFNULL|rowid|strftime|datetime\(", statement)


def test_journal_when_in_memory_by_the_settings_then_makes_no_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIN_INFRA_TRADING_JOURNAL", ":memory:")
    SqliteJournal(TradingLimits().journal_file()).close()
    assert list(tmp_path.iterdir()) == []


def test_journal_file_when_nothing_is_set_then_is_in_the_state_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("FIN_INFRA_TRADING_JOURNAL", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert TradingLimits().journal_file() == tmp_path / "fin-infra" / "orders.sqlite3"
    monkeypatch.setenv("FIN_INFRA_TRADING_JOURNAL", "~/mine.sqlite3")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert TradingLimits().journal_file() == tmp_path / "mine.sqlite3"


# Submit and reconcile, with a broker that answers as it is set up to.


class Broker:
    """Answers each question with the next of its answers: an order, or an error to raise."""

    def __init__(self, finds: list[Any], sends: list[Any] | None = None) -> None:
        self.finds, self.sends = finds, sends or []
        self.asked: list[str] = []
        self.sent: list[str] = []
        self.limits = TradingLimits()

    def account_now(self) -> Any:
        return account()
        yield

    def context(self, order: Any, account_: Any, queue: bool) -> Any:
        return surroundings(limits=self.limits, clock=market(OPEN))
        yield

    def find_order(self, client_order_id: str) -> Any:
        self.asked.append(client_order_id)
        return self._next(self.finds)
        yield

    def send_order(self, order: Any, client_order_id: str) -> Any:
        self.sent.append(client_order_id)
        return self._next(self.sends)
        yield

    def _next(self, answers: list[Any]) -> Any:
        answer = answers.pop(0) if answers else NotFound("no such order")
        if isinstance(answer, BaseException):
            raise answer
        return answer


def run_reconcile(broker: Broker, journal: SqliteJournal, at: datetime) -> list[JournalEntry]:
    return Replay([]).run(reconcile(broker, journal, lambda: at))


def run_submit(
    broker: Broker,
    journal: SqliteJournal,
    key: str | None = "key-1",
    order: Any = None,
    *,
    wait: bool = True,
    now: datetime = OPEN,
) -> Any:
    replay = Replay([])
    flow = Submission(
        desk=broker,
        order=order or new_order(),
        journal=journal,
        limits=broker.limits,
        queue=False,
        wait=wait,
        time=Time(30.0, replay.monotonic, lambda: now + timedelta(seconds=replay.now)),
    ).run(key)
    return replay.run(flow)


LATE = OPEN + timedelta(seconds=151)
FATES = [  # what the broker says, when it is asked, and what that makes of an attempt that may land until 150 s
    (placed(new_order(), "fin-1"), OPEN, State.PLACED),
    (placed(new_order(), "fin-1"), LATE, State.PLACED),
    (NotFound("none"), OPEN, State.INTENT),
    (NotFound("none"), OPEN + timedelta(seconds=150), State.INTENT),
    (NotFound("none"), LATE, State.ABSENT),
    (ProviderUnavailable("down"), LATE, State.INTENT),
]


@pytest.mark.parametrize(("answer", "at", "end"), FATES)
def test_reconcile_when_the_broker_is_asked_then_writes_what_is_sure(
    journal: SqliteJournal, answer: Any, at: datetime, end: State
) -> None:
    journal.open(attempt(), EVER, agree)
    still_open = run_reconcile(Broker([answer]), journal, at)
    assert state(journal) is end
    assert [found.client_order_id for found in still_open] == (["fin-1"] if end.is_open else [])


def test_reconcile_when_one_answer_is_lost_then_goes_on_with_the_next(journal: SqliteJournal) -> None:
    for given in ("fin-1", "fin-2"):
        journal.open(attempt(client_order_id=given), EVER, agree)
    still_open = run_reconcile(Broker([ProviderUnavailable("down"), placed(new_order(), "fin-2")]), journal, LATE)
    assert [found.client_order_id for found in still_open] == ["fin-1"]
    assert state(journal, "fin-2") is State.PLACED


def test_reconcile_when_nothing_is_open_then_asks_nothing(journal: SqliteJournal) -> None:
    broker = Broker([])
    assert run_reconcile(broker, journal, LATE) == []
    assert broker.asked == []


def test_intent_when_the_time_allowed_is_long_then_may_land_as_long(journal: SqliteJournal) -> None:
    """The grace begins when nothing can be sent any more, not when the intent is written."""
    replay = Replay([])
    broker = Broker([], [KeyboardInterrupt()])
    flow = Submission(
        desk=broker,
        order=new_order(),
        journal=journal,
        limits=broker.limits,
        queue=False,
        time=Time(600.0, replay.monotonic, lambda: OPEN),
    ).run("key-1")
    with pytest.raises(KeyboardInterrupt):
        replay.run(flow)
    assert [found.lands_by for found in journal.unresolved(ACCOUNT)] == [OPEN + timedelta(seconds=720)]


def test_submit_when_the_broker_forgot_a_placed_order_then_never_sends_it_again(journal: SqliteJournal) -> None:
    broker = Broker([], [placed(new_order(), CLIENT_ORDER_ID)])
    assert run_submit(broker, journal).replayed is False
    forgetful = Broker([])
    with pytest.raises(OrderStateUnknown, match="was placed as order-1, but the broker does not show it now") as caught:
        run_submit(forgetful, journal)
    assert caught.value.client_order_id == CLIENT_ORDER_ID
    assert forgetful.sent == []


@pytest.mark.parametrize("error", [JournalUnavailable, ConfigurationError])
def test_submit_when_the_journal_fails_after_the_send_then_still_tells_of_the_order(
    journal: SqliteJournal, error: type[FinInfraError]
) -> None:
    broker = Broker([], [placed(new_order(), "fin-1")])

    def refuse(*_: Any) -> Any:
        raise error("the disk is full")

    journal.record = refuse  # type: ignore[method-assign]
    assert run_submit(broker, journal).id == "order-1"
    assert [found.state for found in journal.unresolved(ACCOUNT)] == [State.INTENT]


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(days=-1)])
def test_submit_when_a_dead_process_had_another_clock_then_its_key_is_free(
    journal: SqliteJournal, ahead: timedelta
) -> None:
    order = new_order()
    lost = attempt(
        client_order_id=CLIENT_ORDER_ID,
        fingerprint=ids.with_order(ids.request_fingerprint("submit", ids.fingerprint(order)), order),
        lands_by=OPEN + ahead + timedelta(seconds=150),
    )
    journal.open(lost, EVER, agree)
    broker = Broker([NotFound("no such order")], [placed(order, CLIENT_ORDER_ID)])
    assert run_submit(broker, journal, wait=False, now=OPEN + timedelta(seconds=20)).id == "order-1"
    assert broker.sent == [CLIENT_ORDER_ID]


@pytest.mark.parametrize("brokers_clock", [OPEN, OPEN - timedelta(days=90), OPEN + timedelta(days=90)])
def test_submit_when_another_call_has_time_left_then_waits_whatever_the_brokers_clock(
    journal: SqliteJournal, brokers_clock: datetime
) -> None:
    order = new_order()
    fingerprint = ids.with_order(ids.request_fingerprint("submit", ids.fingerprint(order)), order)
    journal.open(attempt(client_order_id=CLIENT_ORDER_ID, fingerprint=fingerprint, at=brokers_clock), EVER, agree)
    with pytest.raises(OrderInFlight):
        run_submit(Broker([]), journal, wait=False, now=OPEN + timedelta(seconds=20))


def test_submit_when_the_journal_fails_before_the_send_then_nothing_is_sent(journal: SqliteJournal) -> None:
    broker = Broker([], [placed(new_order(), "fin-1")])
    journal._connection.execute("DROP TABLE order_journal")
    with pytest.raises(JournalUnavailable, match="FIN_INFRA_TRADING_JOURNAL"):
        run_submit(broker, journal)
    assert broker.sent == []


def test_submit_when_the_same_order_comes_under_two_keys_then_the_second_is_stopped(journal: SqliteJournal) -> None:
    run_submit(Broker([], [placed(new_order(), "fin-1")]), journal, "key-1")
    second = Broker([], [placed(new_order(), "fin-2")])
    with pytest.raises(OrderChecksFailed, match="same order was sent less than 10 s ago"):
        run_submit(second, journal, "key-2")
    with pytest.raises(OrderChecksFailed, match="same order was sent less than 10 s ago"):
        run_submit(second, journal, None)
    assert second.sent == []


def test_submit_when_the_days_orders_add_up_then_stops_at_the_limit(journal: SqliteJournal) -> None:
    for number in range(1, 6):  # 9000, 9100 ... 9400: 46,000 together
        order = new_order(None, notional=f"{8900 + 100 * number}")
        run_submit(Broker([], [placed(order, "fin")]), journal, f"key-{number}", order)
    last = Broker([], [])
    with pytest.raises(OrderChecksFailed, match=r"come to about 46000\.00; with this one of about 4000\.01"):
        run_submit(last, journal, "key-6", new_order(None, notional="4000.01"))
    assert last.sent == []
    fits = new_order(None, notional="4000")
    assert run_submit(Broker([], [placed(fits, "fin")]), journal, "key-6", fits).id == "order-1"


def test_submit_when_checks_fail_while_an_earlier_one_is_open_then_says_that_nobody_knows(
    journal: SqliteJournal,
) -> None:
    lost = Broker([], [ProviderUnavailable("down", http_status=503)] * 3)
    with pytest.raises(OrderStateUnknown):
        run_submit(lost, journal)
    assert state(journal, CLIENT_ORDER_ID) is State.UNKNOWN
    halted = Broker([])
    halted.limits = TradingLimits(halt=True)
    with pytest.raises(OrderStateUnknown):
        run_submit(halted, journal)
    assert halted.sent == []


REFUSED = OrderRejected("no", reason=RejectReason.INSUFFICIENT_BUYING_POWER, http_status=403)


def test_submit_when_refused_while_an_earlier_one_may_arrive_then_says_that_nobody_knows(
    journal: SqliteJournal,
) -> None:
    """The order that is still on its way uses no id up until it arrives, so the refusal says nothing about it."""
    lost = Broker([], [ProviderUnavailable("down", http_status=503)] * 3)
    with pytest.raises(OrderStateUnknown):
        run_submit(lost, journal)
    with pytest.raises(OrderStateUnknown) as caught:
        run_submit(Broker([], [REFUSED]), journal)
    assert isinstance(caught.value.__cause__, OrderRejected)
    assert state(journal, CLIENT_ORDER_ID) is State.UNKNOWN
    assert run_reconcile(Broker([]), journal, OPEN + timedelta(hours=1)) == []
    with pytest.raises(OrderRejected):
        run_submit(Broker([], [REFUSED]), journal)


def test_submit_when_refused_after_another_client_placed_it_then_gives_that_order(journal: SqliteJournal) -> None:
    found = placed(new_order(), CLIENT_ORDER_ID)

    class Overtaken(Broker):
        def send_order(self, order: Any, client_order_id: str) -> Any:
            run_submit(Broker([], [found]), journal)  # another client, while our request is on its way
            raise REFUSED
            yield

    order = run_submit(Overtaken([NotFound("none"), found]), journal)
    assert (order.id, order.replayed) == ("order-1", True)
    assert state(journal, CLIENT_ORDER_ID) is State.PLACED


def test_submit_when_time_is_over_before_the_send_then_the_journal_says_absent(journal: SqliteJournal) -> None:
    broker = Broker([], [])
    flow = Submission(
        desk=broker,
        order=new_order(),
        journal=journal,
        limits=broker.limits,
        queue=False,
        time=Time(0.0, lambda: 1.0, lambda: OPEN),
    ).run("key-1")
    with pytest.raises(DeadlineExceeded):
        Replay([]).run(flow)
    assert broker.sent == []
    assert state(journal, CLIENT_ORDER_ID) is State.ABSENT
