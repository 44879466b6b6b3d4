"""Settings and environment: typos are errors, public secrets are refused, unsafe combinations do not start."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from asset_aggregator.infra import AppEnv, ServiceSettings, prepare_environment
from asset_aggregator.infra.environment import SECRET_NAMES
from fin_infra.errors import ConfigurationError


@pytest.mark.parametrize(
    ("named", "meant"),
    [(None, "local"), ("", "local"), ("PROD", "prod"), ("production", "prod"), ("staging", "test"), (" dev ", "dev")],
)
def test_app_env_when_known_is_understood(named: str | None, meant: str) -> None:
    environ = {"FIN_INFRA_API_TOKENS": "t" * 30} | ({} if named is None else {"APP_ENV": named})
    assert ServiceSettings.from_env(environ).env == AppEnv(meant)


@pytest.mark.parametrize("name", ["APP_ENV", "RAILWAY_ENVIRONMENT_NAME"])
def test_app_env_when_misspelt_is_refused_with_the_choices(name: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"{name}='prdo' is not an environment; set it to one of .*prod"):
        prepare_environment({name: "prdo"})


def test_environment_when_prepared_sets_both_names_for_svc_infra() -> None:
    environ: dict[str, str] = {}
    assert prepare_environment(environ) is AppEnv.LOCAL
    assert (environ["APP_ENV"], environ["ENV"]) == ("local", "local")


def test_environment_when_svc_infra_was_loaded_for_another_is_refused() -> None:
    import svc_infra.app.env as loaded

    assert loaded.CURRENT_ENVIRONMENT == "local"
    with pytest.raises(ConfigurationError, match="set APP_ENV before the first import of svc_infra"):
        prepare_environment({"APP_ENV": "prod"})


def test_secrets_when_missing_on_a_personal_machine_become_random() -> None:
    one: dict[str, str] = {}
    two: dict[str, str] = {}
    prepare_environment(one)
    prepare_environment(two)
    for name in SECRET_NAMES:
        assert len(one[name]) >= 43
        assert one[name] != two[name]


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_secret_when_it_is_the_public_default_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is the public default"):
        prepare_environment({name: "dev-only-session-secret-not-for-production"})


def test_secrets_of_svc_infra_after_preparation_are_not_its_public_defaults() -> None:
    prepare_environment()
    from svc_infra.api.fastapi.auth.settings import resolve_jwt_secret
    from svc_infra.db.sql.apikey import _get_apikey_secret

    assert "dev-only" not in resolve_jwt_secret() + _get_apikey_secret()


@pytest.mark.parametrize(("given", "kept"), [("0.1,1", "[0.1, 1.0]"), ("[0.1, 1]", "[0.1, 1.0]"), ("", None)])
def test_buckets_in_comma_form_become_the_form_svc_infra_reads(given: str, kept: str | None) -> None:
    environ = {"METRICS_DEFAULT_BUCKETS": given}
    prepare_environment(environ)
    assert environ.get("METRICS_DEFAULT_BUCKETS") == kept


@pytest.mark.parametrize("given", ["fast", "1,0.1", "1,1", "[]"])
def test_buckets_when_unusable_are_refused(given: str) -> None:
    with pytest.raises(ConfigurationError, match="METRICS_DEFAULT_BUCKETS must be rising seconds"):
        prepare_environment({"METRICS_DEFAULT_BUCKETS": given})


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"APP_ENV": "prod", "FIN_INFRA_API_TOKENS": ""}, "Set FIN_INFRA_API_TOKENS"),
        ({"FIN_INFRA_HOST": "0.0.0.0", "FIN_INFRA_API_TOKENS": " "}, "Set FIN_INFRA_API_TOKENS"),
        ({"CORS_ALLOW_ORIGINS": "*"}, "exact origins"),
        ({"CORS_ALLOW_ORIGINS": "https://*.example"}, "exact origins"),
        ({"REDIS_URL": "http://cache"}, "REDIS_URL must start with redis://"),
        ({"FIN_INFRA_CACHE_SECRET": "short"}, "at least 32 characters"),
        ({"APP_ENV": "prod", "REDIS_URL": "redis://h"}, "Set FIN_INFRA_CACHE_SECRET"),
        ({"FIN_INFRA_RATE_LIMIT": "lots"}, "FIN_INFRA_RATE_LIMIT must be a number from 1"),
        ({"FIN_INFRA_RATE_LIMIT": "nan"}, "FIN_INFRA_RATE_LIMIT must be a number from 1"),
        ({"FIN_INFRA_PORT": "99999"}, "FIN_INFRA_PORT must be a number from 0 to 65535"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL='loud' is not known"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT='xml' is not known"),
    ],
)
def test_settings_when_unusable_or_unsafe_are_refused_with_the_next_step(environ: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        ServiceSettings.from_env({"FIN_INFRA_API_TOKENS": "t" * 30} | environ)


def test_settings_when_read_take_each_variable() -> None:
    settings = ServiceSettings.from_env(
        {
            "APP_ENV": "prod",
            "FIN_INFRA_HOST": "0.0.0.0",
            "FIN_INFRA_PORT": "9000",
            "FIN_INFRA_API_TOKENS": "t" * 30,
            "REDIS_URL": "redis://:pw@h/0",
            "FIN_INFRA_CACHE_SECRET": "s" * 32,
            "CORS_ALLOW_ORIGINS": "https://a.example, https://b.example",
            "FIN_INFRA_RATE_LIMIT": "10",
            "REQUEST_TIMEOUT_SECONDS": "2.5",
            "FIN_INFRA_MAX_BODY_BYTES": "100",
            "LOG_LEVEL": "debug",
            "LOG_FORMAT": "TEXT",
        }
    )
    assert settings == ServiceSettings(
        env=AppEnv.PROD,
        host="0.0.0.0",
        port=9000,
        api_tokens="t" * 30,
        redis_url="redis://:pw@h/0",
        cache_secret="s" * 32,
        cors_origins=("https://a.example", "https://b.example"),
        rate_limit=10,
        request_timeout_s=2.5,
        max_body_bytes=100,
        log_level="DEBUG",
        log_format="text",
    )
    assert not [secret for secret in ("t" * 30, "pw@", "s" * 32) if secret in repr(settings)]


def test_service_when_settings_and_app_env_disagree_is_refused(make_service: Any) -> None:
    with pytest.raises(ConfigurationError, match="make them agree"):
        make_service(env=AppEnv.PROD)


def test_import_of_infra_loads_neither_svc_infra_nor_prometheus() -> None:
    heavy = ("svc_infra", "prometheus_client", "redis")
    code = f"import sys, asset_aggregator.infra; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == "[]"
