"""Switches in the library: the environment at each call, the hook that only takes away, and one error for all of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from fin_infra import features
from fin_infra.banking import easy_banking
from fin_infra.crypto import easy_crypto
from fin_infra.errors import (
    ConfigurationError,
    FeatureDisabled,
    FinInfraError,
    InvalidInput,
    NotCovered,
    NotFound,
    OrderChecksFailed,
    ProviderUnavailable,
)
from fin_infra.features import acting, enabled, for_everybody, install
from fin_infra.flow import Client, operation, paged
from fin_infra.fx import easy_fx
from fin_infra.markets import easy_market
from fin_infra.model import CryptoPrice, InstrumentKey, Listing
from fin_infra.providers import registry
from fin_infra.providers.fallback import chain
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import ProviderSettings, feature_enabled
from fin_infra.trading import SqliteJournal
from fin_infra.transport import Flow, M, Page, Pages, Reply
from fin_infra.transport.replay import AsyncReplay, Replay
from tests.providers.test_chain_errors import NOON
from tests.providers.test_chain_errors import _Crypto as ScriptedCoins
from tests.trading.support import OPEN
from tests.trading.test_small_broker import LIMIT, Corner


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[None]:
    for name in [name for name in features.os.environ if name.startswith(("FEATURE_", "FIN_INFRA_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    registry.reset()
    yield
    install(None)
    registry.reset()


class Bank(Client[M]):
    """A client of two operations that counts what is asked."""

    @operation
    def ask(self) -> Flow[int]:
        return (yield from self.get("/x")).status

    @paged
    def pages(self) -> Pages[int]:
        yield Page([(yield from self.get("/x")).status])


def bank(answers: list[str], source: str = "banking:toy", tenant: str = "default") -> Bank[Any]:
    def answer(request: Any) -> Reply:
        answers.append(request.path)
        return Reply(200, b"{}")

    return Bank(Replay(answer), source=source, tenant=tenant)


@pytest.mark.parametrize("text", ["0", "false", "No", " off ", "OFF"])
@pytest.mark.parametrize("name", ["BANKING", "TOY", "BANKING_TOY"])
def test_call_when_domain_vendor_or_both_are_off_then_nothing_is_asked(monkeypatch, text, name):
    asked: list[str] = []
    client = bank(asked)
    assert client.ask() == 200
    monkeypatch.setenv(f"FEATURE_{name}", text)
    with pytest.raises(
        FeatureDisabled, match=f"banking:toy is switched off; FEATURE_{name}=1 switches it on"
    ) as caught:
        client.ask()
    assert caught.value.switch == name.lower()
    with pytest.raises(FeatureDisabled):
        list(client.pages())
    assert asked == ["/x"]
    monkeypatch.setenv(f"FEATURE_{name}", "1")
    assert (client.ask(), list(client.pages())) == (200, [200])


@pytest.mark.parametrize("text", ["", " ", "1", "true", "YES", "on"])
def test_call_when_switch_is_on_or_blank_then_goes_through(monkeypatch, text):
    monkeypatch.setenv("FEATURE_BANKING", text)
    assert bank([]).ask() == 200


@pytest.mark.parametrize("text", ["maybe", "2", "-1", "disabled", "o n"])
def test_call_when_switch_says_neither_then_refuses_with_a_sentence(monkeypatch, text):
    asked: list[str] = []
    monkeypatch.setenv("FEATURE_TOY", text)
    with pytest.raises(ConfigurationError, match="FEATURE_TOY is neither 1 nor 0; set it to 0 to switch that off"):
        bank(asked).ask()
    assert asked == []


@pytest.mark.parametrize("name", ["identity", "credit", "payments"])
def test_module_when_sensitive_then_is_off_until_asked_for(monkeypatch, name):
    assert not enabled(name)
    with pytest.raises(FeatureDisabled, match=f"FEATURE_{name.upper()}=1"):
        features.require(f"{name}:anybody")
    monkeypatch.setenv(f"FEATURE_{name.upper()}", "1")
    assert enabled(name)
    features.require(f"{name}:anybody")
    assert enabled("banking")
    assert enabled("whatever_else")


@pytest.mark.parametrize(
    ("domain", "easy", "vendor"),
    [
        ("banking", easy_banking, "teller"),
        ("market", easy_market, "alpha_vantage"),
        ("crypto", easy_crypto, "coingecko"),
        ("fx", easy_fx, "ecb"),
    ],
)
def test_provider_when_its_domain_or_vendor_is_off_then_cannot_be_opened(monkeypatch, domain, easy, vendor):
    easy()
    monkeypatch.setenv(f"FEATURE_{domain.upper()}", "0")
    for name in (domain, f"{domain}:{vendor}"):
        with pytest.raises(FeatureDisabled, match=f"FEATURE_{domain.upper()}=1"):
            easy(name)
    monkeypatch.delenv(f"FEATURE_{domain.upper()}")
    monkeypatch.setenv(f"FEATURE_{vendor.upper()}", "0")
    with pytest.raises(FeatureDisabled, match=f"FEATURE_{vendor.upper()}=1"):
        easy(vendor)
    assert f"{domain}:{vendor}" not in {cls.info.provider_key for cls in registry.providers()}
    off = [provider_key for provider_key, _ in registry.switched_off()]
    assert [each for each in off if not each.startswith("identity:")] == [f"{domain}:{vendor}"]
    assert "identity:stripe" in off, "sensitive: off unless somebody asks for it"
    assert not feature_enabled(domain, vendor)


def test_provider_when_the_only_one_is_off_then_bare_domain_says_how_to_switch_it_on(monkeypatch):
    monkeypatch.setenv("FEATURE_FX_ECB", "0")
    with pytest.raises(FeatureDisabled, match="FEATURE_FX_ECB=1"):
        easy_fx()


def test_domain_when_sensitive_and_bare_then_says_how_to_switch_it_on():
    with pytest.raises(FeatureDisabled, match="identity is switched off; FEATURE_IDENTITY=1"):
        registry.resolve("identity")


def test_entry_point_when_switched_off_then_is_not_loaded(monkeypatch):
    loaded: list[str] = []
    real = registry.installed.load
    monkeypatch.setattr(registry.installed, "load", lambda found: loaded.append(found) or real(found))
    monkeypatch.setenv("FEATURE_BANKING", "0")
    monkeypatch.setenv("FEATURE_COINGECKO", "0")
    list(registry.providers())
    assert loaded
    assert not [provider_key for provider_key in loaded if provider_key.startswith(("banking", "crypto"))]
    for provider_key in ("banking:teller", "crypto:coingecko"):
        with pytest.raises(FeatureDisabled):
            registry.provider_class(provider_key)


def test_hook_when_it_says_no_for_one_tenant_then_only_that_one_is_refused():
    asked: list[str] = []
    client = bank(asked)
    seen: list[tuple[str, str, str]] = []
    install(lambda *facts: bool(seen.append(facts)) or facts[1] != "acme" or facts[0] != "toy")
    assert client.ask() == 200
    with acting("acme", "ada"):
        with pytest.raises(FeatureDisabled, match=r"banking:toy is switched off for this caller \(toy\)"):
            client.ask()
        with acting("other"):
            assert client.ask() == 200
        with pytest.raises(FeatureDisabled):
            list(client.pages())
    assert len(asked) == 2
    assert seen[:3] == [(name, "default", "") for name in ("banking", "toy", "banking_toy")]
    assert ("banking", "acme", "ada") in seen


def test_hook_when_the_client_has_a_tenant_and_nobody_says_who_acts_then_that_one_counts():
    install(lambda name, tenant, user: tenant != "acme")
    with pytest.raises(FeatureDisabled):
        bank([], tenant="acme").ask()
    with acting("other"):
        assert bank([], tenant="acme").ask() == 200


@pytest.mark.parametrize("answer", [True, None])
def test_hook_when_it_says_yes_then_opens_nothing_that_the_environment_closes(monkeypatch, answer):
    monkeypatch.setenv("FEATURE_BANKING", "0")
    install(lambda *_: answer)
    assert not enabled("banking")
    assert not enabled("identity", "acme", "ada")
    assert enabled("market")
    with pytest.raises(FeatureDisabled):
        bank([]).ask()


@pytest.mark.parametrize("answer", ["no", 0, 1, "", "false", object()])
def test_hook_when_it_answers_neither_then_the_call_is_refused(answer):
    asked: list[str] = []
    install(lambda *_: answer)
    with pytest.raises(ConfigurationError, match="answers neither True, False nor None for 'banking'"):
        bank(asked).ask()
    assert asked == []


@pytest.mark.parametrize("hook", ["market", 1, {"market": False}, [len]])
def test_hook_when_it_cannot_be_called_then_is_refused_and_the_one_before_stays(hook):
    install(lambda *_: False)
    with pytest.raises(InvalidInput, match="`hook` must be"):
        install(hook)
    assert not enabled("market")


def test_hook_when_it_fails_then_the_call_is_refused_without_its_text():
    asked: list[str] = []

    def broken(*_: str) -> bool:
        raise OSError("flags.internal:8013 refused token S3CRET")

    install(broken)
    with pytest.raises(ConfigurationError, match="fails with OSError for 'banking'") as caught:
        bank(asked).ask()
    assert "S3CRET" not in str(caught.value)
    assert asked == []


def test_hook_when_an_app_is_put_together_then_is_not_asked(monkeypatch):
    install(lambda *_: False)
    with for_everybody():
        assert enabled("banking")
        easy_banking()
        monkeypatch.setenv("FEATURE_BANKING", "0")
        assert not enabled("banking")
    assert not enabled("market")


def test_acting_when_threads_and_tasks_run_then_each_has_its_own():
    install(lambda name, tenant, user: tenant != "acme")
    found: dict[str, bool] = {}

    def in_thread(tenant: str) -> None:
        with acting(tenant):
            found[tenant] = enabled("banking")

    threads = [threading.Thread(target=in_thread, args=(tenant,)) for tenant in ("acme", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {"acme": False, "other": True}

    async def one(tenant: str) -> bool:
        with acting(tenant):
            await asyncio.sleep(0)
            return await asyncio.create_task(asyncio.to_thread(enabled, "banking"))

    async def both() -> list[bool]:
        return list(await asyncio.gather(one("acme"), one("other")))

    assert asyncio.run(both()) == [False, True]
    assert enabled("banking")


def test_async_client_when_switched_off_between_two_calls_then_the_second_is_refused(monkeypatch):
    async def calls() -> None:
        client: Bank[Any] = Bank(AsyncReplay(lambda _: Reply(200, b"{}")), source="banking:toy")
        assert await client.ask() == 200
        pages = client.pages()
        assert await anext(pages) == 200
        monkeypatch.setenv("FEATURE_TOY", "0")
        with pytest.raises(FeatureDisabled):
            await client.ask()

    asyncio.run(calls())


BITCOIN = InstrumentKey("CRYPTO", "bitcoin")


def coin(name: str) -> Any:
    price = CryptoPrice(source=f"crypto:{name}", as_of=NOON, key=BITCOIN, price=Decimal(9), currency="USD")
    member: Any = ScriptedCoins(price)
    member.source = f"crypto:{name}"
    return member


def test_chain_when_a_member_is_off_then_the_others_answer(monkeypatch):
    first, second = coin("one"), coin("two")
    both: Any = chain("crypto", [first, second])
    assert (both.price(BITCOIN).source, second.asked) == ("crypto:one", 0)
    monkeypatch.setenv("FEATURE_ONE", "0")
    assert (both.price(BITCOIN).source, first.asked) == ("crypto:two", 1)
    second.outcome = Listing([second.outcome])
    assert [item.source for item in both.prices([BITCOIN])] == ["crypto:two"]
    assert first.asked == 1
    monkeypatch.setenv("FEATURE_TWO", "0")
    for call in (lambda: both.price(BITCOIN), lambda: both.prices([BITCOIN])):
        with pytest.raises(FeatureDisabled, match="FEATURE_ONE=1"):
            call()
    assert (first.asked, second.asked) == (1, 2)


@pytest.mark.parametrize("error", [ProviderUnavailable, NotCovered])
def test_chain_when_one_is_off_then_what_the_other_says_is_raised(monkeypatch, error):
    first, second = coin("one"), coin("two")
    second.outcome = error("no")
    monkeypatch.setenv("FEATURE_ONE", "0")
    for members in ([first, second], [second, first]):
        both: Any = chain("crypto", members)
        for call in (lambda both=both: both.price(BITCOIN), lambda both=both: both.prices([BITCOIN])):
            with pytest.raises(error):
                call()


def test_yaml_chain_when_a_member_is_off_then_it_is_left_out(monkeypatch, tmp_path):
    (tmp_path / "fin-infra.yaml").write_text("market: [alpha_vantage, nosuch]\n")
    monkeypatch.setenv("FEATURE_NOSUCH", "0")
    registry.reset()
    assert easy_market().source == "market:alpha_vantage"


def test_error_when_a_caller_of_a_service_reads_it_then_names_no_variable(monkeypatch):
    monkeypatch.setenv("FEATURE_TOY", "0")
    error = features.refusal("banking:toy")
    assert error is not None
    assert (error.status, error.for_caller()) == (404, "banking:toy is switched off.")
    assert isinstance(error, FinInfraError)


@pytest.mark.parametrize(
    ("environment", "hook", "allowed"),
    [
        (None, None, True),
        ("1", None, True),
        ("0", None, False),
        ("0", True, False),
        (None, False, False),
        ("1", False, False),
        (None, True, True),
    ],
)
def test_real_money_when_switched_off_then_no_order_is_sent(monkeypatch, environment, hook, allowed):
    broker: Any = Corner(Replay([]), Endpoint("http://127.0.0.1:1", "custom", ProviderSettings()))
    broker.now = lambda: OPEN
    if environment is not None:
        monkeypatch.setenv("FEATURE_TRADING_LIVE", environment)
    install(None if hook is None else lambda name, *_: hook if name == "trading_live" else None)
    for live, sends in ((True, allowed), (False, True)):
        broker.is_live = live
        broker.rows.clear()
        broker.journal = SqliteJournal(":memory:")
        if sends:
            broker.submit_order(LIMIT)
            with pytest.raises(NotFound):  # nothing is held; but it was looked for
                broker.close_position(LIMIT.key)
        else:
            for call in (lambda: broker.submit_order(LIMIT), lambda: broker.close_position(LIMIT.key)):
                with pytest.raises(OrderChecksFailed, match="FEATURE_TRADING_LIVE=1") as caught:
                    call()
                assert [rule for rule, _ in caught.value.failures] == ["live_trading"]
            broker.cancel_order("1")  # what ends a risk is never locked
        assert len(broker.rows) == sends
        broker.journal.close()
