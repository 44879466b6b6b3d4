"""Questions asked in Python, sync and async: the sandbox's truth, and one sentence for what cannot be asked."""

from __future__ import annotations

import asyncio
import inspect
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.errors import FinInfraError, InvalidInput, ProviderNotFound, ProviderUnavailable
from fin_infra.model.plain import plain
from fin_infra.questions import CATALOG, ask
from fin_infra.questions.catalog import question_of
from tests.questions.truths import IDS, TRUTHS, Truth, settled
from tests.support.sandbox_control import Control


def typed(truth: Truth, control: Control) -> dict[str, Any]:
    """Return the parameters as a Python user gives them."""
    values: dict[str, Any] = dict(truth.parameters(control))
    for name, read in (("amount", Decimal), ("limit", int), ("holding", lambda text: [text])):
        if name in values:
            values[name] = read(values[name])
    return values


@pytest.mark.parametrize("truth", TRUTHS, ids=IDS)
def test_ask_when_sync_and_when_async_then_the_sandboxs_truth(truth: Truth, asked: Control) -> None:
    values = typed(truth, asked)
    answer = ask(truth.question, **values)

    async def awaited() -> Any:
        return await ask(truth.question, mode="async", **values)

    again = asyncio.run(awaited())
    assert truth.shown(plain(answer)) == truth.shown(plain(again)) == truth.true(asked)
    assert settled(plain(answer)) == settled(plain(again))
    question = CATALOG[truth.question]
    assert all(type(row) is question.model() for row in (answer if question.many else [answer]))


def test_truths_when_listed_then_every_question_has_one() -> None:
    assert {truth.question for truth in TRUTHS} == set(CATALOG)


def test_ask_when_sync_inside_an_event_loop_then_it_answers_all_the_same(asked: Control) -> None:
    async def inside() -> Any:
        return ask("net-worth")

    assert settled(plain(asyncio.run(inside()))) == settled(plain(ask("net_worth")))


def test_ask_when_a_provider_is_named_then_that_one_answers(asked: Control) -> None:
    assert ask("accounts", provider="finastra")[0].source == "banking:finastra"
    assert ask("accounts", provider="banking:finastra")[0].source == "banking:finastra"


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_balances_when_one_cannot_be_asked_then_its_line_says_why(asked: Control, mode: str) -> None:
    refused = next(row["id"] for row in asked.accounts() if row["subtype"] == "savings")
    asked.fault("teller", "status_500", path=f"/accounts/{refused}/balances")
    try:
        rows = run("balances", mode)
    finally:
        clear(asked)
    missing = {row.account.id: row.missing for row in rows if row.balance is None}
    assert set(missing) == {refused, *(row["id"] for row in asked.accounts() if row["status"] == "closed")}
    assert all(missing.values())


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_search_when_one_source_is_down_then_it_is_named_and_when_all_are_then_an_error(
    asked: Control, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ALPHA_VANTAGE", "COINGECKO"):
        monkeypatch.setenv(f"{name}_MAX_ATTEMPTS", "1")
    try:
        asked.fault("alpha-vantage", "status_503")
        found = run("search", mode, text="bitcoin")
        asked.fault("coingecko", "status_503")
        with pytest.raises(ProviderUnavailable):
            run("search", mode, text="bitcoin")
    finally:
        clear(asked)
    assert {hit.source for hit in found} == {"crypto:coingecko"}
    assert len(found) == len(found.hits)
    assert [(error.provider, error.code) for error in found.errors] == [
        ("market:alpha_vantage", "fin.provider_unavailable")
    ]


@pytest.mark.parametrize(
    ("question", "given", "sentence"),
    [
        ("quot", {}, "There is no question 'quot'. Did you mean quote?"),
        (
            "zzz",
            {},
            "There is no question 'zzz'. There are quote, candles, price, rate, convert, search, accounts, "
            "balances, transactions, holdings, net-worth, orders, calendar, categories, providers.",
        ),
        ("quote", {"simbol": "A"}, "has no parameter 'simbol'; it takes symbol. Did you mean symbol?"),
        ("accounts", {"id": "A"}, "has no parameter 'id'; it takes none."),
        ("quote", {}, "The question 'quote' needs `symbol`: An instrument as people write it"),
        ("quote", {"symbol": 5}, "`symbol` must be a str, not int 5."),
        ("rate", {"base": "EUR", "quote": "USD", "on": "soon"}, "`on` must be a datetime.date or ISO text such as"),
        ("convert", {"amount": 1.5, "base": "EUR", "quote": "USD"}, 'Decimal such as Decimal("1.5"), not float 1.5'),
        ("candles", {"symbol": "A", "interval": "2d"}, "`interval` must be an Interval: one of '1min', '5min'"),
        ("candles", {"symbol": "A", "start": "2026-01-01T00:00"}, "has no time zone"),
        ("orders", {"status": "gone"}, "`status` must be one of open, closed, all, not 'gone'."),
        ("orders", {"limit": 501}, "`limit` must be from 1 to 500, not int 501."),
        ("search", {"text": "a", "provider": "ecb"}, "takes no provider"),
        ("transactions", {"account_id": "a", "start": "2026-01-02", "end": "2026-01-02"}, "`start` must be before"),
    ],
)
def test_ask_when_it_cannot_be_asked_then_one_sentence(question: str, given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ask(question, **given)
    assert sentence in str(refused.value)


def test_ask_when_the_provider_is_of_another_domain_then_it_is_said_before_anything_is_asked() -> None:
    with pytest.raises(ProviderNotFound, match="banking:teller does not answer 'quote'"):
        ask("quote", symbol="AAPL", provider="banking:teller")


@pytest.mark.parametrize("question", CATALOG.values(), ids=CATALOG)
def test_function_when_compared_with_its_question_then_it_takes_the_same_parameters(question: Any) -> None:
    names = list(inspect.signature(question_of(question.name).function()).parameters)
    assert names == ["asked", *(parameter.name for parameter in question.parameters)]
    assert not {"mode", "provider", "question"} & set(names)


def run(question: str, mode: str, **given: Any) -> Any:
    if mode == "sync":
        return ask(question, **given)

    async def awaited() -> Any:
        return await ask(question, mode="async", **given)

    return asyncio.run(awaited())


def clear(control: Control) -> None:
    import httpx2

    httpx2.delete(f"{control.url}/_sandbox/faults").raise_for_status()


def test_ask_when_refused_then_nothing_but_our_errors(asked: Control) -> None:
    with pytest.raises(FinInfraError):
        ask("balances", account_id="acc_nobody")
