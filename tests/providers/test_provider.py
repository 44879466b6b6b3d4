"""What a provider can do is read from its class: what it defines, and not what its interface refuses."""

from __future__ import annotations

from datetime import date
from operator import attrgetter
from typing import Any

import pytest

from fin_infra.errors import ConfigurationError, FeatureDisabled
from fin_infra.flow import operation, paged
from fin_infra.model import Account, Balance, Listing, Transaction
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.providers.provider import Endpoint, Provider
from fin_infra.providers.registry import providers
from fin_infra.settings import ProviderSettings
from fin_infra.transport import Flow, M, Pages
from fin_infra.transport.replay import AsyncReplay, Replay

ENDPOINT = Endpoint("https://small.example", "custom", ProviderSettings())


def info(**more: Any) -> ProviderInfo:
    facts = {"title": "Small Bank", "settings": ProviderSettings, "live_url": "https://small.example"}
    return ProviderInfo(provider_key="banking:small", sandbox_path="/small", ping="accounts", docs="", **facts, **more)


class Small(BankingProvider[M]):
    """A bank with the core of the interface, and one operation of its own."""

    info = info()

    @operation
    def accounts(self) -> Flow[Listing[Account]]:
        yield from self.get("/accounts")
        return Listing([])

    @operation
    def account(self, account_id: str) -> Flow[Account]:
        raise NotImplementedError

    @operation
    def balance(self, account_id: str) -> Flow[Balance]:
        raise NotImplementedError

    @operation
    def branches(self) -> Flow[list[str]]:
        raise NotImplementedError


class Larger(Small[M]):
    @paged
    def transactions(
        self, account_id: str, *, start: date | None = None, end: date | None = None
    ) -> Pages[Transaction]:
        raise NotImplementedError


class Core(BankingProvider[M]):
    """An adapter in the making: its core is missing."""

    @operation
    def accounts(self) -> Flow[Listing[Account]]:
        raise NotImplementedError


def test_can_when_read_then_names_what_the_class_defines_and_inherits() -> None:
    assert Small.can == {"accounts", "account", "balance", "branches"}
    assert Larger.can == Small.can | {"transactions"}
    assert Small(Replay([]), ENDPOINT).can is Small.can


def test_can_when_operations_are_abstract_then_they_are_not_offered() -> None:
    assert Core.can == {"accounts"}
    assert BankingProvider.can == Provider.can == frozenset()
    with pytest.raises(TypeError, match="balance"):
        Core(Replay([]), ENDPOINT)  # type: ignore[abstract]  # that is the point


def test_info_when_named_by_its_old_key_then_it_works_and_warns() -> None:
    facts: dict[str, Any] = {
        "title": "Small Bank",
        "settings": ProviderSettings,
        "live_url": "",
        "ping": "",
        "docs": "",
    }
    old: dict[str, Any] = {"key": "banking:small"}
    with pytest.warns(DeprecationWarning, match="provider_key"):
        small = ProviderInfo(sandbox_path="", **facts, **old)
    assert small.provider_key == "banking:small"
    with pytest.warns(DeprecationWarning, match="provider_key"):
        assert attrgetter("key")(small) == "banking:small"
    with pytest.raises(TypeError, match="provider_key"):
        ProviderInfo(sandbox_path="", **facts)


@pytest.mark.parametrize("cls", list(providers()), ids=lambda cls: cls.info.provider_key)
def test_can_when_an_adapter_is_built_in_then_it_offers_its_ping(
    cls: type[Provider[Any]],
) -> None:
    assert cls.info.ping in cls.can
    assert not cls.__abstractmethods__


@pytest.mark.parametrize("name", ["details", "transaction", "identity", "delete_account", "delete_enrollment"])
def test_operation_when_not_defined_then_is_refused_before_any_request(name: str) -> None:
    transport = Replay([])
    arguments = {"transaction": ("a", "t"), "details": ("a",), "delete_account": ("a",)}.get(name, ())
    with pytest.raises(FeatureDisabled, match=f"banking:small does not offer {name}; it offers account, accounts"):
        getattr(Small(transport, ENDPOINT), name)(*arguments)
    assert transport.seen == []


async def test_pages_when_not_defined_then_are_refused_in_both_modes() -> None:
    with pytest.raises(FeatureDisabled, match="does not offer transactions"):
        next(Small(Replay([]), ENDPOINT).transactions("a"))
    with pytest.raises(FeatureDisabled, match="does not offer transactions"):
        await anext(Small(AsyncReplay([]), ENDPOINT).transactions("a"))


def test_info_when_it_still_states_what_an_adapter_can_then_warns_and_stubs_stay_refused() -> None:
    with pytest.warns(DeprecationWarning, match=r"banking:small: leave `can` out") as caught:
        stated = info(can=frozenset({"accounts", "account", "balance"}))
    assert caught[0].filename == __file__

    class Old(Small[M]):
        """Written when every operation of an interface was abstract."""

        info = stated

        @paged
        def transactions(
            self, account_id: str, *, start: date | None = None, end: date | None = None
        ) -> Pages[Transaction]:
            yield from self.not_offered("transactions")

    assert Old.can == {"accounts", "account", "balance"}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("acess_token", "There is no setting named acess_token. Did you mean access_token?"),
        ("zzz", "The settings are base_url, allow_http,"),
    ],
)
def test_settings_when_a_name_is_unknown_then_near_ones_or_all_are_named(name: str, says: str) -> None:
    from fin_infra.banking import easy_banking

    with pytest.raises(ConfigurationError) as caught:
        easy_banking("teller", **{name: "x"})
    assert says in str(caught.value)
    assert "access_token" in str(caught.value)
