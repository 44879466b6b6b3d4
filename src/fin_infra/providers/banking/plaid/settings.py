"""What Plaid is told: the application's keys, the environment, and what is asked for when a bank is linked.
Floor 3: an access token is one login's, and everything else the operator's."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from fin_infra.settings import Need, ProviderSettings


class Settings(ProviderSettings):
    """Settings of Plaid: the application's keys are the operator's, the access token is one login's."""

    model_config = SettingsConfigDict(env_prefix="PLAID_")
    credentials: ClassVar[tuple[str, ...]] = ("client_id", "secret")
    login: ClassVar[tuple[str, ...]] = ("access_token",)
    needs: ClassVar[tuple[Need, ...]] = (
        Need("linking banks", ("client_id", "secret")),
        Need("one login without a book", ("client_id", "secret", "access_token")),
    )

    client_id: SecretStr | None = None
    secret: SecretStr | None = None
    """Of the environment in `env`; each has its own."""
    access_token: SecretStr | None = None
    """Of one login: `access-<environment>-...`; without one, links can be started and nothing be read."""
    env: Literal["sandbox", "production"] = "production"
    user_id: str | None = None
    """Of Plaid's newer user model: `usr_...`, for applications that made their first user since December 2025."""
    user_token: SecretStr | None = None
    """Of Plaid's older user model."""
    client_name: str = Field("fin-infra", min_length=1, max_length=30)
    """What people read on the page where they link."""
    language: str = "en"
    countries: str = "US"
    """Of the banks offered: two-letter codes, separated by commas."""
    products: str = "transactions"
    """What a bank must offer to be linked, separated by commas; what is listed here is paid for at once."""
    consented_products: str = "investments,liabilities"
    """What the person is asked to agree to beside it, and what is paid for once it is read."""
    days_requested: Annotated[int, Field(ge=1, le=730)] = 730
    """History to read when a login is made; it cannot be raised later."""
    page_size: Annotated[int, Field(ge=1, le=500)] = 500
    """Transactions per request."""
    webhook: str | None = None
    """Where Plaid sends news of new logins."""
    timeout_s: float = Field(40.0, gt=0)
    """A balance that is read from the bank now takes 30 s at times."""
    deadline_s: float = Field(60.0, gt=0)

    def live_url(self) -> str | None:
        return f"https://{self.env}.plaid.com"


def words(text: str) -> list[str]:
    """Return the words of a setting that has several, separated by commas."""
    return [word.strip() for word in text.split(",") if word.strip()]
