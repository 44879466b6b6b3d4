"""Secrets in no repr of the machinery."""

from __future__ import annotations

import pytest
from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from fin_infra.errors import ConfigurationError
from fin_infra.flow import Client
from fin_infra.settings import ProviderSettings, load
from fin_infra.transport import Reply, Request, bearer, query_key
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.replay import Replay

SECRET = "S3CRET-value"


class Settings(ProviderSettings):
    model_config = SettingsConfigDict(env_prefix="TESTBANK_")
    credentials = ("access_token",)
    access_token: SecretStr | None = None
    pages: int = 1


def test_request_when_printed_then_shows_method_and_path_only() -> None:
    request = bearer(SECRET)(query_key("apikey", SECRET)(Request("POST", "/x", content=SECRET.encode())))
    assert SECRET not in repr(request)
    assert SECRET not in str(request)
    assert "POST" in repr(request)


def test_reply_when_printed_then_shows_no_body_and_no_headers() -> None:
    assert SECRET not in repr(Reply(200, SECRET.encode(), {"x-token": SECRET}))


def test_settings_when_printed_then_mask_credentials_but_keep_instances_apart() -> None:
    settings = load(Settings, {"access_token": SECRET})
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings)
    assert SECRET not in settings.model_dump_json()
    assert settings.identity() != load(Settings, {"access_token": "other"}).identity()


@pytest.mark.parametrize("given", [{"access_token": SECRET, "pages": SECRET}, {"access_token": SECRET, "typo": SECRET}])
def test_settings_when_unusable_then_error_names_the_field_and_no_value(given: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(Settings, given)
    error: BaseException | None = caught.value
    assert SECRET not in str(error)
    assert "pages" in str(error) or "typo" in str(error)
    assert error is not None
    assert error.__suppress_context__


def test_settings_when_environment_is_unusable_then_error_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTBANK_PAGES", SECRET)
    with pytest.raises(ConfigurationError, match="TESTBANK_PAGES") as caught:
        load(Settings)
    assert SECRET not in str(caught.value)


def test_caller_and_config_when_printed_then_show_key_and_place_only() -> None:
    caller = Client(Replay([]), source="banking:test", environment="live")
    assert repr(caller) == "<Client banking:test live>"
    config = HttpConfig(base_url="https://api.example.com", certificate=(f"/{SECRET}.pem", f"/{SECRET}.key"))
    assert SECRET not in repr(config)
