"""A PostgreSQL's URL: what it says about encryption is what the driver is given, and a wrong word is one sentence."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import trustme
from sqlalchemy.engine import default

from fin_infra.book.engine import Database, engine_of
from fin_infra.errors import ConfigurationError

URL = "postgresql://app:hunter2hunter2@db.example/book"


def given(monkeypatch: pytest.MonkeyPatch, url: str) -> dict[str, Any]:
    """Return what the driver would be given to connect with."""
    found: dict[str, Any] = {}

    def connect(self: Any, *args: Any, **kwargs: Any) -> Any:
        found.update(kwargs)
        raise OSError("nobody is there")

    monkeypatch.setattr(default.DefaultDialect, "connect", connect)
    with pytest.raises(OSError, match="nobody"):
        engine_of(url).connect()
    return found


@pytest.mark.parametrize(
    ("query", "context"),
    [("", None), ("?sslmode=prefer", None), ("?sslmode=disable", False), ("?sslmode=require", True)],
)
def test_url_when_it_has_a_mode_then_the_driver_encrypts_so(
    monkeypatch: pytest.MonkeyPatch, query: str, context: bool | None
) -> None:
    found = given(monkeypatch, URL + query)
    assert found["ssl_context"] is context
    assert "sslmode" not in found
    assert (found["user"], found["password"], found["host"]) == ("app", "hunter2hunter2", "db.example")
    assert found["timeout"] > 0


def test_url_when_it_names_an_authority_then_its_certificates_and_the_name_are_checked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(file)
    for query, named in ((f"?sslrootcert={file}", True), (f"?sslmode=verify-ca&sslrootcert={file}", False)):
        context = given(monkeypatch, URL + query)["ssl_context"]
        assert isinstance(context, ssl.SSLContext)
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, named)
        assert len(context.get_ca_certs()) == 1


@pytest.mark.parametrize(
    ("query", "words"),
    [("?sslmode=always", "must be one of disable, prefer"), ("?sslrootcert=/no/such/file", "cannot be read")],
)
def test_url_when_encryption_cannot_be_as_it_says_then_one_sentence_without_the_password(
    query: str, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        engine_of(URL + query)
    assert "hunter2" not in str(caught.value)


@pytest.mark.process
def test_database_when_it_is_real_then_it_answers_without_encryption_where_the_server_has_none(postgres: Any) -> None:
    for mode in ("prefer", "disable"):
        database = Database(f"{postgres.url(postgres.database())}?sslmode={mode}")
        with database.engine.connect() as db:
            assert db.scalar(sa.text("SELECT 1")) == 1
        database.engine.dispose()
