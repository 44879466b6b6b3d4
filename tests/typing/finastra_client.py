"""Only type-checked: what users of the two Finastra clients see, for mypy and pyright alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import assert_type

from bankersbank.finastra import (
    AsyncFinastraAPIClient,
    B2CAccount,
    ClientCredentialsTokenProvider,
    Collateral,
    CollateralPage,
    FinastraAPIClient,
    FinastraConfig,
)
from fin_infra.flow import Access
from fin_infra.model import Listing, Money


class Bank(FinastraAPIClient):
    def exposure(self) -> Decimal | None:
        return self.get_collateral("C1").net_amount


def sync_user(config: FinastraConfig) -> None:
    tokens: Access = ClientCredentialsTokenProvider(client_id="an-id", client_secret="a-secret")
    with FinastraAPIClient(config, tokens=tokens) as bank:
        page = bank.list_collaterals(starting_index=0, page_size=10)
        assert_type(page, CollateralPage)
        assert_type(page.next_index, int | None)
        assert_type(bank.collaterals(), Iterator[Collateral])
        assert_type(bank.get_collateral("C1").value, Money | None)
        assert_type(bank.accounts(), Listing[B2CAccount])
        bank.get_json("/product/v1/things", {"limit": "10"})
        bank.get_collateral(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # ids are text
    with Bank() as own:
        assert_type(own.exposure(), Decimal | None)


async def async_user() -> None:
    async with AsyncFinastraAPIClient() as bank:
        assert_type(await bank.list_collaterals(), CollateralPage)
        assert_type(bank.collaterals(), AsyncIterator[Collateral])
