"""Nothing secret or personal where people look: every log at DEBUG, every error in every form, every repr, each record.

Run with the keys the sandbox takes and with keys that it refuses, under every fault, in both modes by turns. What must
not be found is known beforehand: the keys in each form they travel in, and the numbers, names and addresses of the
household.
"""

from __future__ import annotations

import logging
import traceback
from base64 import b64encode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from fin_infra.errors import AuthenticationFailed, FinInfraError, InvalidInput, PermissionDenied, ProviderError
from fin_infra.providers.provider import Endpoint, Provider
from fin_infra.settings import load
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.http import HttpTransport
from tests.conformance.fault_bench import Bench, Stage, Watch, bench, benches, offered, stage
from tests.conformance.fault_cases import MODES, PARTIAL, turns, vendor, verdict_of
from tests.support.cases import Case
from tests.support.logs import Everything, everything
from tests.support.sandbox_kinds import kinds_of
from tests.support.vendors import VENDORS, every_provider

__all__ = ["bench", "benches", "stage"]  # fixtures
WRONG = "Zq7+wrong/Secret-4711=x"
PERSONAL = ("Marlowe", "Okafor", "Lantern Row", "+1218555", "ada@example.com", "ben@example.com")
"""Of the household; none of them is part of a merchant's or a bank's name."""
OURS = ("fin_infra", "bankersbank")
PROVIDERS = [pytest.param(cls, id=cls.info.provider_key) for cls in every_provider()]
GUARDED = [pytest.param(cls, id=cls.info.provider_key) for cls in every_provider() if cls.info.settings.secrets()]
CELLS = [
    pytest.param(cls, mode, kind, id=f"{vendor(cls)}-{mode}-{kind}")
    for cls in every_provider()
    for kind in kinds_of(vendor(cls))
    if kind != "latency"
    for mode in turns(cls, kind)
]


@pytest.fixture
def captured() -> Iterator[Everything]:
    with everything() as heard:
        yield heard


def forms(secret: str) -> set[str]:
    """Return a secret in the forms it may travel in."""
    basic = b64encode(f"{secret}:".encode()).decode()
    return {secret, quote(secret), quote(secret, safe=""), basic, basic.rstrip("=")}


def told(error: BaseException) -> str:
    """Return all that an error may tell: its texts, facts, chain and traceback."""
    seen, parts, queue = set[int](), [*traceback.format_exception(error)], [error]
    while queue:
        one = queue.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        parts += [str(one), repr(one), repr(vars(one)), repr(one.args), repr(getattr(one, "__notes__", ""))]
        parts.append(repr(one.extra()) if isinstance(one, FinInfraError) else "")
        queue += [other for other in (one.__cause__, one.__context__) if other is not None]
    return "\n".join(parts)


def locals_of(error: BaseException) -> str:
    """Return the local variables of our frames, which error trackers send along with a traceback."""
    frames = traceback.TracebackException.from_exception(error, capture_locals=True).stack
    return "\n".join(repr(frame.locals) for frame in frames if any(name in frame.filename for name in OURS))


def reprs(client: Provider[Any]) -> str:
    settings, transport = client.settings, client.transport
    shown = [client, settings, transport, transport.config, Endpoint("http://127.0.0.1:1", "custom", settings)]  # type: ignore[attr-defined]
    dumped = [settings.model_dump(), settings.model_dump_json(), client.policy, client.policy.limiter]
    return "\n".join(f"{thing!r} {thing!s}" for thing in (*shown, *dumped))


def found(secrets: set[str], texts: list[str]) -> list[str]:
    """Return where a secret shows, in upper or lower case, with a little of what is around it."""
    places: list[str] = []
    for text in texts:
        folded = text.casefold()
        for secret in sorted(secrets):
            if (at := folded.find(secret.casefold())) >= 0:
                places.append(f"{secret!r} in ...{text[max(at - 100, 0) :][:250]}...")
    return places


def _run(bench: Bench, cls: type[Provider[Any]], case: Case, **given: Any) -> tuple[list[str], BaseException | None]:
    watch = Watch()
    with bench.client(cls, watch, **{**case.settings, **given}) as client:
        outcome = bench.call(client, case)
        texts = [reprs(client), repr(watch.sent), str(watch.sent)]
    if outcome.error is None:
        return [*texts, repr(outcome.result)], None
    return [*texts, told(outcome.error), locals_of(outcome.error)], outcome.error


def _secrets(cls: type[Provider[Any]]) -> set[str]:
    names = cls.info.settings.secrets()
    return {form for name, value in cls.info.sandbox.items() if name in names for form in forms(value)}


@pytest.fixture(scope="module")
def household(stage: Stage) -> set[str]:
    """What identifies people and companies: what is fixed, and the numbers of this world at each vendor."""
    stage.sandbox.reset()
    return set(PERSONAL).union(*(row.private(stage.sandbox) for row in VENDORS.values()))


@pytest.mark.parametrize(("cls", "mode", "kind"), CELLS)
def test_operation_when_fault_strikes_then_nothing_secret_or_personal_is_told(
    household: set[str], bench: Bench, cls: type[Provider[Any]], kind: str, captured: Everything
) -> None:
    private = _secrets(cls) | household
    captured.texts.clear()
    scope = {
        **({} if kind in PARTIAL else verdict_of(cls, kind).scope),
        **({"seconds": 0.01} if kind.startswith("timeout") else {}),
    }
    bench.control("POST", "/faults", vendor=vendor(cls), kind=kind, **scope)
    texts: list[str] = []
    for case in VENDORS[cls.info.provider_key].cases:
        if not case.heavy:
            texts += _run(bench, cls, case)[0]
    if any(case.changes for case in VENDORS[cls.info.provider_key].cases):
        bench.stage.reset(cls)
    assert found(private, texts + captured.texts) == []
    assert {"fin_infra", "httpcore2.http11"} <= captured.names


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cls", PROVIDERS)
def test_operation_when_undisturbed_then_nothing_secret_or_personal_is_told(
    household: set[str], bench: Bench, cls: type[Provider[Any]], captured: Everything
) -> None:
    private = _secrets(cls) | household
    captured.texts.clear()
    texts: list[str] = []
    for case in VENDORS[cls.info.provider_key].cases:
        shown, error = _run(bench, cls, case)
        assert error is None
        texts += shown
        if case.changes:
            bench.stage.reset(cls)
    assert found(private, texts + captured.texts) == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cls", GUARDED)
def test_operation_when_key_is_wrong_then_refused_without_telling_the_key(
    bench: Bench, cls: type[Provider[Any]], captured: Everything
) -> None:
    given = dict.fromkeys(cls.info.settings.secrets(), WRONG)
    texts: list[str] = []
    for case in VENDORS[cls.info.provider_key].cases:
        shown, error = _run(bench, cls, case, **given)
        texts += shown
        if not case.public:
            assert isinstance(error, (AuthenticationFailed, PermissionDenied)), f"{case.name}: {error!r}"
    assert found(forms(WRONG), texts + captured.texts) == []
    assert captured.texts


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cls", GUARDED)
@pytest.mark.parametrize("wrong", ["Zq7 wrong Secret", "Zq7wrongSecret\r\nX-Evil: 1", "Zq7wröngSecret", "Zq7" * 30_000])
def test_operation_when_key_cannot_be_sent_then_our_error_without_telling_the_key(
    bench: Bench, cls: type[Provider[Any]], captured: Everything, wrong: str
) -> None:
    given = dict.fromkeys(cls.info.settings.secrets(), wrong)
    case = VENDORS[cls.info.provider_key].cases[1]
    try:
        texts, error = _run(bench, cls, case, **given)
    except FinInfraError as exc:
        texts, error = [told(exc)], exc
    assert isinstance(error, FinInfraError), repr(error)[:300]
    assert found({"Zq7", *forms(wrong)}, texts + captured.texts) == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cls", PROVIDERS)
def test_operation_when_nobody_answers_then_the_error_tells_no_secret(
    bench: Bench, cls: type[Provider[Any]], captured: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "url", "http://127.0.0.1:1")
    texts, error = _run(bench, cls, VENDORS[cls.info.provider_key].cases[1])
    assert isinstance(error, ProviderError)
    assert found(_secrets(cls), texts + captured.texts) == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cls", GUARDED)
def test_request_when_made_then_the_key_is_in_the_url_only_where_the_vendor_wants_it_there(
    bench: Bench, cls: type[Provider[Any]]
) -> None:
    watch = Watch()
    with bench.client(cls, watch) as client:
        for case in VENDORS[cls.info.provider_key].cases:
            if not (case.heavy or case.changes):
                bench.call(client, case)
    addresses = [request.path + repr(request.params) for request in watch.sent]
    in_query = {form for name in VENDORS[cls.info.provider_key].in_query for form in forms(cls.info.sandbox[name])}
    assert found(_secrets(cls) - in_query, addresses) == []
    assert found(in_query, [request.path for request in watch.sent]) == []
    logged = [repr(row) for row in bench.requests()]
    assert found(_secrets(cls), logged) == []


@pytest.mark.parametrize("cls", GUARDED)
def test_settings_when_wrong_then_the_error_does_not_repeat_them(cls: type[Provider[Any]]) -> None:
    secrets = dict.fromkeys(cls.info.settings.secrets(), WRONG)
    for wrong in ({"timeout_s": WRONG}, {"no_such_setting": WRONG}, {"max_attempts": 0}):
        with pytest.raises(FinInfraError) as refused:
            load(cls.info.settings, {**secrets, **wrong})
        assert found(forms(WRONG), [told(refused.value)]) == []


@pytest.mark.parametrize("url", [f"http://user:{WRONG}@127.0.0.1:1", f"https://example.com/?apikey={WRONG}"])
def test_base_url_when_it_holds_a_key_then_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(FinInfraError) as refused:
        HttpTransport(HttpConfig(base_url=url))
    assert found(forms(WRONG), [told(refused.value)]) == []


@pytest.mark.parametrize("secret", [WRONG, "Ada Marlowe"])
def test_search_when_a_secret_is_told_then_found(captured: Everything, secret: str) -> None:
    """The search itself: each place that the tests above look at gives a planted secret away."""
    logging.getLogger("some.library").debug("sent %s", secret)
    logging.getLogger("fin_infra").info("call", extra={"body": secret})
    try:
        try:
            raise ValueError(secret)
        except ValueError as inner:
            raise InvalidInput("refused") from inner
    except InvalidInput as exc:
        told_by_chain = told(exc)
    assert len(found({secret}, [*captured.texts, told_by_chain])) == 3


@pytest.mark.parametrize("cls", PROVIDERS)
def test_operations_when_counted_then_each_is_searched(cls: type[Provider[Any]]) -> None:
    assert {case.operation for case in VENDORS[cls.info.provider_key].cases if not case.heavy} == offered(cls)
