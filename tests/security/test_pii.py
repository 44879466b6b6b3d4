"""Masking attacked: what must never survive, what must, and what it may cost."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.providers.registry import providers
from fin_infra.security import PiiFilter, mask, mask_value

TOKENS_OF_VENDORS = list(providers())
"""Their tokens are known once they are loaded, as in a program that uses them."""
ATTACKS = [
    "GET /query?symbol=IBM&apikey=S3CRETVALUE&x=1",
    "apikey%3DS3CRETVALUE%26x",
    "api_key = 'S3CRETVALUE'",
    "API-Key: S3CRETVALUE",
    "x-cg-pro-api-key=S3CRETVALUE",
    '{"access_token": "S3CRETVALUE", "a": 1}',
    '{"password": "S3CRET VALUE S3CRET"}',
    'he said "{\\"token\\": \\"S3CRETVALUE\\"}"',
    "{'client_secret': b'S3CRETVALUE'}",
    "[(b'Authorization', b'Bearer S3CRETVALUE')]",
    "[('X-Api-Key', 'S3CRETVALUE')]",
    "Authorization: Bearer S3CRETVALUE",
    "Authorization: Basic UzNDUkVUVkFMVUU6",
    "authorization: ApiKey S3CRETVALUE, v=2 S3CRET",
    "Cookie: session=S3CRETVALUE; other=S3CRET",
    "Set-Cookie: id=S3CRETVALUE; Path=/",
    "https://user:S3CRETVALUE@api.example.com/x",
    "https://user:p@ss@S3CRET@api.example.com/x",
    "We have detected your API key as S3CRETVALUE and our standard API rate limit is 25",
    "TELLER_ACCESS_TOKEN=S3CRETVALUE",
    "token_S3CRETVALUE",
    "test_token_S3CRETVALUE used",
    "sk_live_S3CRETVALUE0000",
    "-----BEGIN PRIVATE KEY-----\nS3CRETVALUE\n-----END PRIVATE KEY-----",
    "-----BEGIN RSA PRIVATE KEY-----\nS3CRET\nS3CRET\n-----END RSA PRIVATE KEY-----",
    "account_number=S3CRETVALUE",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_mask_when_a_secret_hides_anywhere_then_it_is_gone(text: str) -> None:
    found = mask(text)
    assert "S3CRET" not in found
    assert "UzNDUkVU" not in found
    assert "***" in found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("account 123456789012", "account ***9012"),
        ("routing 110000000", "routing ***0000"),
        ("card 4111 1111 1111 1234", "card ***1234"),
        ("card 4111-1111-1111-1234", "card ***1234"),
        ("IBAN DE89 3704 0044 0532 0130 00 ok", "IBAN DE***3000 ok"),
        ("ISIN:US0378331005 and CUSIP:037833100 name a share", "ISIN:US0378331005 and CUSIP:037833100 name a share"),
        ("acc123456789", "acc***6789"),
    ],
)
def test_mask_when_a_number_names_an_account_then_only_its_end_stays(text: str, wanted: str) -> None:
    assert mask(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "banking:teller accounts: the vendor has no such resource",
        "no rate for EURUSD on 2026-03-01; 1.0823456789 was the last",
        "XNAS:AAPL 27 calls in 12.5 ms, page 3 of 9",
        "https://api.example.com/accounts/acc_1/transactions?count=50",
        "set ALPHA_VANTAGE_API_KEY to a valid key",
    ],
)
def test_mask_when_there_is_nothing_secret_then_text_stays(text: str) -> None:
    assert mask(text) == text


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from([*ATTACKS, "token", "'", "=", "\\", "://", "@", "9" * 12])).map("".join)
)
def test_mask_when_done_twice_then_changes_nothing_more_and_never_raises(text: str) -> None:
    once = mask(text)
    assert mask(mask(once)) == mask(once)


@pytest.mark.parametrize(
    "piece",
    ["a", "a-", "token", "http://", "token='", "\\", "-----BEGIN PRIVATE KEY-----", "AB12 ", "1234 ", "9", "api key "],
)
def test_mask_when_text_is_long_and_hostile_then_comes_back(piece: str) -> None:
    """A rule that backtracks in the square of the length would not come back from this within the hour."""
    assert mask(piece * (300_000 // len(piece)) + " apikey=S3CRET").endswith("***")


def logged(*args: Any, formatter: logging.Formatter | None = None, **kwargs: Any) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(PiiFilter())
    handler.setFormatter(formatter or logging.Formatter("%(message)s"))
    logger = logging.Logger("test")
    logger.addHandler(handler)
    logger.error(*args, **kwargs)
    return stream.getvalue()


class Everything(logging.Formatter):
    """Prints every attribute, as JSON formatters do."""

    def format(self, record: logging.LogRecord) -> str:
        return super().format(record) + json.dumps(vars(record), default=repr)


def test_filter_when_secret_is_an_argument_then_is_masked() -> None:
    assert logged("asking %s", "https://x/?apikey=S3CRET") == "asking https://x/?apikey=***\n"
    assert "S3CRET" not in logged("%(token)s", {"token": "token=S3CRET"})


def test_filter_when_arguments_do_not_fit_then_neither_raises_nor_shows_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert logged("%d calls", "apikey=S3CRET") == "%d calls\n"
    assert "S3CRET" not in capsys.readouterr().err


class Stubborn:
    def __str__(self) -> str:
        return "token=S3CRET"


@pytest.mark.parametrize(
    "extra",
    [
        {"url": "https://x/?apikey=S3CRET"},
        {"access_token": "S3CRET"},
        {"headers": {"Authorization": "Bearer S3CRET-S3CRET", "X-Api-Key": "S3CRET"}},
        {"pairs": [("token", "S3CRET"), {"password": "S3CRET"}]},
        {"thing": Stubborn()},
        {"nested": {"deep": [{"client_secret": ["S3CRET"]}]}},
    ],
)
def test_filter_when_secret_is_an_extra_then_is_masked(extra: Any) -> None:
    assert "S3CRET" not in logged("x", extra=extra, formatter=Everything())


def test_filter_when_extra_is_harmless_then_stays_what_it_is() -> None:
    stream = logged("x", extra={"elapsed_ms": 1.5, "attempts": 3, "ok": True, "tenant": None}, formatter=Everything())
    facts = json.loads(stream[stream.index("{") :])
    assert (facts["elapsed_ms"], facts["attempts"], facts["ok"], facts["tenant"]) == (1.5, 3, True, None)


def test_filter_when_extra_is_an_account_number_then_only_its_end_stays() -> None:
    stream = logged("x", extra={"account": 123456789012}, formatter=Everything())
    assert "123456789012" not in stream
    assert "***9012" in stream


def test_filter_when_an_exception_is_logged_then_its_text_is_masked_for_every_formatter() -> None:
    try:
        try:
            raise ValueError("apikey=S3CRET")
        except ValueError as exc:
            raise RuntimeError("https://u:S3CRET@host/") from exc
    except RuntimeError:
        stream = logged("failed", exc_info=True, stack_info=True, formatter=Everything())
    assert "RuntimeError" in stream
    assert "ValueError" in stream
    assert "S3CRET" not in stream.replace('"apikey=S3CRET"', "").replace('"https://u:S3CRET@host/"', "")


def test_filter_when_a_second_handler_sees_the_record_then_it_is_masked_there_too() -> None:
    record = logging.makeLogRecord({"msg": "token=%s", "args": ("S3CRET",)})
    assert PiiFilter().filter(record)
    assert PiiFilter().filter(record)
    assert record.getMessage() == "token=***"


def test_filter_when_the_stack_is_logged_then_secrets_in_its_lines_are_masked() -> None:
    record = logging.makeLogRecord(
        {"msg": "x", "stack_info": 'Stack:\n  File "app.py", line 1\n    login(token="S3CRET")'}
    )
    PiiFilter().filter(record)
    assert record.stack_info == 'Stack:\n  File "app.py", line 1\n    login(token="***")'


@pytest.mark.parametrize("text", ["total 1234567890.55", "ratio 0.123456789012", "12345678 calls"])
def test_mask_when_a_number_is_an_amount_or_short_then_it_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    "ident",
    ["aeb7ccae77123456781263cc139aaee1", "0F637518-2ECF-442A-829F-123456789012", "d90fb081245b01bb3375123456789abc"],
)
def test_mask_when_a_call_has_a_hex_id_then_it_stays_whole(ident: str) -> None:
    assert mask(f"trace {ident}.") == f"trace {ident}."


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("token=S3CRET")

    __repr__ = __str__


@pytest.mark.parametrize(
    "record",
    [
        {"msg": Broken()},
        {"msg": "%s", "args": (Broken(),)},
        {"msg": "x", "thing": Broken()},
        {"msg": "x", "things": {Broken(): [Broken()]}},
        {"msg": "%(a)s", "args": {"a": Broken()}},
        {"msg": b"token=S3CRET"},
        {"msg": None, "args": (1, 2, 3)},
        {"msg": "x", "exc_info": (RuntimeError, RuntimeError(Broken()), None)},
        {"msg": "x", "exc_text": "token=S3CRET"},
    ],
)
def test_filter_when_a_record_is_broken_then_it_passes_and_shows_nothing(record: dict[str, Any]) -> None:
    made = logging.makeLogRecord(record)
    assert PiiFilter().filter(made)
    assert "S3CRET" not in logging.Formatter().format(made)
    assert "S3CRET" not in json.dumps({name: repr(value) for name, value in vars(made).items() if name != "exc_info"})


def test_filter_when_on_a_handler_then_child_loggers_are_covered() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(PiiFilter())
    parent = logging.getLogger("fin_infra_test_parent")
    parent.addHandler(handler)
    parent.propagate = False
    try:
        logging.getLogger("fin_infra_test_parent.child.grandchild").warning("card %s", 4111111111111111)
    finally:
        parent.removeHandler(handler)
    assert stream.getvalue() == "card ***1111\n"


def test_old_names_when_imported_then_they_work_and_warn() -> None:
    import fin_infra.security

    for old, new in (("redact", mask), ("RedactingFilter", PiiFilter), ("redact_value", mask_value)):
        with pytest.warns(DeprecationWarning, match=old):
            assert getattr(fin_infra.security, old) is new
