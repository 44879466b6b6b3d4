"""The fault matrix: every operation of every adapter under every sandbox fault, in the modes that `fault_cases` says.

A cell is one operation with one fault at one of its requests, either once or for good. It ends with the undisturbed
answer or with the typed error that its verdict names: never with anything else, never with half a list.
"""

from __future__ import annotations

from collections import Counter
from inspect import Parameter, signature
from typing import Any

import pytest

from fin_infra.errors import (
    CircuitOpen,
    DeadlineExceeded,
    FeatureDisabled,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from fin_infra.providers.provider import Provider
from tests.arguments.surface import resolved, sample_of
from tests.conformance.fault_bench import (
    Bench,
    Outcome,
    Stage,
    Watch,
    bench,
    benches,
    offered,
    operations,
    scope_of,
    stage,
)
from tests.conformance.fault_cases import (
    MODES,
    PARTIAL,
    PROVIDERS,
    TIMEOUT_S,
    VERDICTS,
    leads,
    modes_of,
    strikes,
    vendor,
    verdict_of,
)
from tests.support.cases import Case
from tests.support.sandbox import Sandbox
from tests.support.sandbox_kinds import kinds_of
from tests.support.vendors import VENDORS

__all__ = ["bench", "benches", "stage"]  # fixtures
STORM = ("rate_limit", "rate_limit_date", "status_500", "latency", "drop_before", "drop_after", "truncated", "html")
Undisturbed = dict[tuple[str, str, str], tuple[Any, list[dict[str, Any]]]]
CELLS = [
    pytest.param(cls, mode, kind, id=f"{vendor(cls)}-{mode}-{kind}")
    for cls in PROVIDERS
    for kind in kinds_of(vendor(cls))
    if kind not in PARTIAL
    for mode in modes_of(cls, kind)
]
ADAPTERS = [pytest.param(cls, mode, id=f"{vendor(cls)}-{mode}") for cls in PROVIDERS for mode in MODES]


@pytest.fixture(scope="module")
def undisturbed() -> Undisturbed:
    return {}


class Matrix:
    """The cells of one adapter, one mode and one kind; `failed` says what went wrong where."""

    def __init__(self, bench: Bench, cls: type[Provider[Any]], kind: str, undisturbed: Undisturbed) -> None:
        self.bench, self.cls, self.kind, self._undisturbed = bench, cls, kind, undisturbed
        self.verdict = verdict_of(cls, kind)
        with bench.client(cls, Watch()) as client:
            self._fetches_access = client.access is not None
        self.failed: list[str] = []
        self._outcomes: list[tuple[str, Outcome, Case]] = []
        self._arrived: list[dict[str, Any]] = []

    def right(self, case: Case) -> tuple[Any, list[dict[str, Any]]]:
        """Return the answer without a fault and the requests behind it."""
        place = (self.cls.info.provider_key, self.bench.mode, case.name)
        if place not in self._undisturbed:
            with self.bench.client(self.cls, Watch(), **case.settings) as client:
                outcome = self.bench.call(client, case)
            assert outcome.error is None, f"{place} fails without any fault: {outcome.error!r}"
            rows = self.bench.arrivals(outcome.ident)
            assert rows, f"{place} sends nothing, so that no fault can reach it"
            self._undisturbed[place] = outcome.value, rows
            self._restore(case)
        return self._undisturbed[place]

    def run(self) -> None:
        for index, case in enumerate(VENDORS[self.cls.info.provider_key].cases):
            if case.mends:
                continue
            answer, rows = self.right(case)
            ends = sorted({len(rows) if case.heavy else 1, len(rows)})
            once, for_good = strikes(self.cls, self.kind, index)
            for number in ends if once else ():
                self._cell(case, answer, rows, number, once=True)
            for number in ends[: 1 if self.kind.startswith("timeout") else None] if for_good else ():
                self._cell(case, answer, rows, number, once=False)  # of timeouts one: each waits in real time
            if self.kind in ("rate_limit", "rate_limit_date"):
                self._far(case, rows[ends[0] - 1])
        self._check_arrivals()

    def _ask(self, case: Case, row: dict[str, Any], name: str, watch: Watch, **scope: Any) -> Outcome:
        scope = {**self.verdict.scope, **scope_of(row), **scope}
        for _ in range(5):
            self.bench.control("POST", "/faults", vendor=vendor(self.cls), kind=self.kind, **scope)
            with self.bench.client(self.cls, watch, **{**case.settings, **self.verdict.settings}) as client:
                outcome = self.bench.call(client, case)
            self.bench.control("DELETE", "/faults")
            if not self.kind.startswith("timeout") or len(self.bench.arrivals(outcome.ident)) == len(watch.sent):
                break
            # on a busy machine the short time was over before the request had left: no fault has struck, so once more
            self._restore(case)
            watch = Watch(impatient=watch.impatient)
        self._outcomes.append((name, outcome, case))
        for breach in outcome.watch.breaches:
            self._fail(name, breach)
        return outcome

    def _cell(self, case: Case, answer: Any, rows: list[dict[str, Any]], number: int, *, once: bool) -> None:
        name = f"{case.name}, {'once' if once else 'for good'} at request {number} of {len(rows)}"
        patience = Watch(impatient=lambda sent: sent == number if once else sent >= number)
        outcome = self._ask(case, rows[number - 1], name, patience, **({"count": 1} if once else {}))
        error, watch = outcome.error, outcome.watch
        # the first request is the one that fetches access, and without it there is nothing to ask again with
        renewed = self._fetches_access and self.verdict.renewable and number > 1
        healed = once and (self.verdict.heals or renewed) and not case.changes
        if error is None and case.partial:
            self._check_partial(name, outcome, answer, number, healed=healed)
        elif error is None:
            self._check_answer(name, outcome, case, answer, healed=healed)
        else:
            self._check_error(name, outcome, case, answer, healed=healed)
        tries = 2 if once else self.verdict.settings.get("max_attempts", 3)
        expected = len(rows) if error is None else number - 1
        tells = error or (outcome.result.errors if case.partial else None)
        if self.verdict.heals and self.verdict.errors:
            struck = (once if not tells else tries - 1 if error is None else tries) if not case.changes else number
            expected += struck
        elif renewed:
            expected += 2 if error is None else 3
        elif error is not None:
            expected += 1
        if len(watch.sent) != expected:
            self._fail(name, f"{len(watch.sent)} requests instead of {expected}")
        if any(pause < self.verdict.least_pause_s for pause in watch.pauses):
            self._fail(name, f"pauses of {watch.pauses}, and the least is {self.verdict.least_pause_s} s")
        self._restore(case)

    def _check_partial(self, name: str, outcome: Outcome, answer: Any, number: int, *, healed: bool) -> None:
        """One request of several was struck: its rows are named with the right error, and the others are right."""
        lacking = [row for row in answer if row not in outcome.value]
        codes = {error.code for error in outcome.result.errors}
        if outcome.value != [row for row in answer if row not in lacking]:
            self._fail(name, f"another answer than without the fault: {outcome.value!r:.200}")
        if healed and lacking:
            self._fail(name, f"{codes} although the fault went away")
        if len(outcome.result.errors) != len(lacking) or not codes <= {cls.code for cls in self.verdict.errors}:
            self._fail(name, f"{len(lacking)} rows are lacking, and the errors are {outcome.result.errors}")
        if number > 1 and not healed and self.verdict.errors and len(lacking) != 1:
            self._fail(name, f"{len(lacking)} rows are lacking after one request was struck")

    def _check_answer(self, name: str, outcome: Outcome, case: Case, answer: Any, *, healed: bool) -> None:
        if self.verdict.errors and not (healed or case.changes or self.verdict.lists_only):
            self._fail(name, f"an answer out of nothing: {outcome.value!r:.200}")
        elif outcome.value != answer:
            self._fail(name, f"another answer than without the fault: {outcome.value!r:.200}")
        elif case.gone is not None and not case.gone(self.bench.stage.sandbox, self.bench.ids):
            self._fail(name, "said to be deleted, and is not")

    def _check_error(self, name: str, outcome: Outcome, case: Case, answer: Any, *, healed: bool) -> None:
        error = outcome.error
        if not isinstance(error, ProviderError) or type(error) not in self.verdict.errors:
            self._fail(name, f"{error!r} instead of one of {[cls.__name__ for cls in self.verdict.errors]}")
            return
        if healed:
            self._fail(name, f"{error!r} although the fault went away")
        if (error.provider, error.operation) != (self.cls.info.provider_key, case.operation):
            self._fail(name, f"the error names {error.provider} {error.operation}")
        if error.retryable != self.verdict.heals and type(error) is not RateLimited:
            self._fail(name, f"retryable is {error.retryable}")
        if isinstance(outcome.value, list) and outcome.value != answer[: len(outcome.value)]:
            self._fail(name, "what came before the error is not the beginning of the right list")
        if self.kind == "rate_limit" and error.retry_after != self.verdict.scope["retry_after"]:
            self._fail(name, f"retry_after is {error.retry_after}")

    def _far(self, case: Case, row: dict[str, Any]) -> None:
        """A limit that ends long after the deadline is told at once, and not waited for."""
        name = f"{case.name}, for an hour"
        outcome = self._ask(case, row, name, Watch(), retry_after=3600)
        error, watch = outcome.error, outcome.watch
        if not isinstance(error, RateLimited) or not 3590 < (error.retry_after or 0) < 3620:
            self._fail(name, f"{error!r} with retry_after {getattr(error, 'retry_after', None)}")
        if watch.pauses:
            self._fail(name, f"pauses of {watch.pauses}")
        self._restore(case)

    def _check_arrivals(self) -> None:
        """What the sandbox saw: no deletion twice, no request more often than attempts are allowed."""
        seen: dict[str, Counter[str]] = {}
        for row in self._arrived + self.bench.requests():
            query = sorted((name, value) for name, value in row["query"].items() if name != "timestamp")
            what = f"{row['method']} {row['path']} {query}"
            seen.setdefault(row["headers"]["x-request-id"], Counter())[what] += 1
        for name, outcome, case in self._outcomes:
            most = 1 if case.changes else self.verdict.settings.get("max_attempts", 3)
            arrived = seen.get(outcome.ident, Counter())
            if any(times > most for times in arrived.values()):
                self._fail(name, f"arrived too often: {arrived.most_common(1)}")
            if arrived.total() != len(outcome.watch.sent):
                self._fail(name, f"{arrived.total()} arrived of {len(outcome.watch.sent)} sent")

    def _restore(self, case: Case) -> None:
        if case.changes:
            self._arrived += self.bench.requests()
            self.bench.stage.reset(self.cls)

    def _fail(self, name: str, text: str) -> None:
        self.failed.append(f"{self.cls.info.provider_key} {self.bench.mode} {self.kind}: {name}: {text}")


def test_kinds_when_listed_then_the_matrix_has_each_for_each_vendor(sandbox_server: Sandbox) -> None:
    told = sandbox_server.control("GET", "/faults")
    assert set(told["kinds"]) == {*VERDICTS, *PARTIAL}.union(*(row.verdicts for row in VENDORS.values()))
    assert {vendor(cls): kinds_of(vendor(cls)) for cls in PROVIDERS} == told["vendors"]
    for cls in PROVIDERS:
        assert set(kinds_of(vendor(cls))) <= {*VERDICTS, *PARTIAL, *VENDORS[cls.info.provider_key].verdicts}


@pytest.mark.parametrize("tier", ["test", "long"])
def test_cells_when_counted_then_each_kind_of_each_adapter_is_tried_and_those_of_the_first_of_a_domain_in_both_modes(
    tier: str,
) -> None:
    for cls in PROVIDERS:
        tried = {kind: modes_of(cls, kind, tier) for kind in kinds_of(vendor(cls))}
        assert all(tried.values())
        assert {mode for modes in tried.values() for mode in modes} == set(MODES)
        assert (tier == "long" or leads(cls)) is all(set(modes) == set(MODES) for modes in tried.values())
        cases = range(len(VENDORS[cls.info.provider_key].cases))
        for case in cases:  # each operation meets faults that strike once, and such that last
            struck = [strikes(cls, kind, case, tier) for kind in tried]
            assert any(once for once, _ in struck)
            assert any(for_good for _, for_good in struck)
    domains = {cls.info.provider_key.partition(":")[0] for cls in PROVIDERS}
    assert sorted(cls.info.provider_key.partition(":")[0] for cls in PROVIDERS if leads(cls)) == sorted(domains)


@pytest.mark.parametrize("cls", PROVIDERS, ids=lambda cls: cls.info.provider_key)
def test_operations_when_counted_then_the_matrix_has_each(cls: type[Provider[Any]]) -> None:
    asked = {case.operation for case in VENDORS[cls.info.provider_key].cases}
    assert asked == offered(cls)
    assert offered(cls) <= operations(cls)


@pytest.mark.parametrize(("cls", "mode"), ADAPTERS)
def test_operation_when_not_offered_then_refused_by_name_before_any_request(
    bench: Bench, cls: type[Provider[Any]]
) -> None:
    for name in operations(cls) - offered(cls):
        fn = getattr(cls, name).fn
        _, *wanted = signature(fn).parameters.values()
        wanted = [parameter for parameter in wanted if parameter.default is Parameter.empty]
        good = {each.name: sample_of(resolved(each.annotation, fn.__globals__)) for each in wanted}
        ids = tuple(good.pop(each.name) for each in wanted if each.kind is not Parameter.KEYWORD_ONLY)
        with bench.client(cls, Watch()) as client:
            outcome = bench.call(client, Case(name, name, lambda _, ids=ids: ids, good))
        assert type(outcome.error) is FeatureDisabled, name
        assert f"{cls.info.provider_key} does not offer {name};" in str(outcome.error)
        assert outcome.watch.sent == []


@pytest.mark.parametrize(("cls", "mode", "kind"), CELLS)
def test_operation_when_fault_strikes_then_the_right_answer_or_the_right_error(
    bench: Bench, cls: type[Provider[Any]], kind: str, undisturbed: Undisturbed
) -> None:
    matrix = Matrix(bench, cls, kind, undisturbed)
    matrix.run()
    if matrix.failed:
        pytest.fail("\n".join(matrix.failed), pytrace=False)


@pytest.mark.parametrize(("cls", "mode"), ADAPTERS)
def test_operation_when_faults_come_at_random_then_the_right_answer_or_a_typed_error(
    bench: Bench, cls: type[Provider[Any]], undisturbed: Undisturbed
) -> None:
    plain = [case for case in VENDORS[cls.info.provider_key].cases if not (case.mends or case.partial)]
    cases = [case for case in plain if not (case.changes or case.heavy)]
    right = {case.name: Matrix(bench, cls, "latency", undisturbed).right(case)[0] for case in cases}
    bench.stage.reset(cls)  # the same chances on every run
    for kind in STORM:
        bench.control("POST", "/faults", vendor=vendor(cls), kind=kind, probability=0.12, **verdict_of(cls, kind).scope)
    errors = tuple({error for kind in STORM for error in verdict_of(cls, kind).errors})
    ended: Counter[str] = Counter()
    for case in cases * 3:
        with bench.client(cls, Watch(), **case.settings) as client:
            outcome = bench.call(client, case)
        ended["error" if outcome.error else "answer"] += 1
        assert outcome.watch.breaches == []
        if outcome.error is None:
            assert outcome.value == right[case.name], case.name
        else:
            assert type(outcome.error) in errors, f"{case.name}: {outcome.error!r}"
    assert min(ended["error"], ended["answer"]) > 0, "the storm tells nothing"


@pytest.mark.parametrize(("cls", "mode"), ADAPTERS)
def test_operation_when_vendor_stays_silent_then_ends_with_the_deadline(bench: Bench, cls: type[Provider[Any]]) -> None:
    bench.control("POST", "/faults", vendor=vendor(cls), kind="timeout", seconds=5)
    for _ in range(5):
        watch = Watch()
        with bench.client(cls, watch, deadline_s=TIMEOUT_S) as client:
            outcome = bench.call(client, VENDORS[cls.info.provider_key].cases[0])
        if watch.sent:
            break  # else a busy machine let the time pass before the request had left
    assert type(outcome.error) is DeadlineExceeded
    assert (len(watch.sent), watch.breaches) == (1, [])


@pytest.mark.parametrize(("cls", "mode"), ADAPTERS)
def test_operation_when_vendor_stays_down_then_circuit_opens_without_a_request_and_closes_again(
    bench: Bench, cls: type[Provider[Any]]
) -> None:
    case, watch = VENDORS[cls.info.provider_key].cases[1], Watch()
    bench.control("POST", "/faults", vendor=vendor(cls), kind="status_503")
    with bench.client(cls, watch, breaker_threshold=2, breaker_cooldown_s=20, max_attempts=2) as client:
        errors = [bench.call(client, case).error for _ in range(4)]
        assert [type(error) for error in errors] == [ProviderUnavailable] * 2 + [CircuitOpen] * 2
        assert [str(error) for error in errors[2:]] == ["circuit_open"] * 2
        assert 0 < (errors[3].retry_after or 0) <= 20  # type: ignore[union-attr]  # a CircuitOpen, as above
        assert len(bench.requests()) == len(watch.sent) == 4
        bench.control("DELETE", "/faults")
        watch.offset_s += 20
        healed = [bench.call(client, case) for _ in range(2)]
    assert [outcome.error for outcome in healed] == [None, None]
    assert healed[0].value == healed[1].value


@pytest.mark.parametrize("cls", PROVIDERS, ids=lambda cls: cls.info.provider_key)
def test_answers_when_undisturbed_then_both_modes_agree(
    cls: type[Provider[Any]], benches: dict[str, Bench], stage: Stage
) -> None:
    stage.set(cls)
    answers: dict[str, list[Any]] = {}
    for one in benches.values():
        for case in VENDORS[cls.info.provider_key].cases:
            with one.client(cls, Watch(), **case.settings) as client:
                answers.setdefault(case.name, []).append(one.call(client, case).value)
            if case.changes:
                stage.reset(cls)
    assert [name for name, (one, other) in answers.items() if one != other] == []
