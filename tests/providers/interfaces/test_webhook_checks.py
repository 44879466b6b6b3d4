"""What all signed deliveries are checked for: age on both sides, one stamp, ids of a form that can be kept."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest

from fin_infra.errors import FeatureDisabled, NaiveTime, ProviderNotFound, WebhookFault, WebhookRefused
from fin_infra.providers.interfaces.webhook_checks import (
    MOST_SIGNATURES,
    check_age,
    check_stamped,
    ident,
    json_object,
    maybe_ident,
    maybe_instant,
)
from fin_infra.providers.registry import webhooks_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FIVE = timedelta(minutes=5)


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [(-300, None), (0, None), (300, None), (-301, WebhookFault.TOO_OLD), (301, WebhookFault.FROM_THE_FUTURE)],
)
def test_age_when_beyond_the_tolerance_on_either_side_then_the_reason_says_which(
    seconds: int, reason: WebhookFault | None
) -> None:
    said = NOON + timedelta(seconds=seconds)
    if reason is None:
        check_age(said, NOON, FIVE)
        return
    with pytest.raises(WebhookRefused, match="five minutes") as refused:
        check_age(said, NOON, FIVE)
    assert (refused.value.reason, refused.value.status, refused.value.extra()) == (
        reason,
        400,
        {"reason": reason.value},
    )


def test_age_when_the_clock_has_no_zone_then_it_says_so() -> None:
    with pytest.raises(NaiveTime):
        check_age(NOON, NOON.replace(tzinfo=None), FIVE)


def test_stamp_when_the_header_has_thousands_of_signatures_then_only_the_first_few_are_compared() -> None:
    stamp = str(int(NOON.timestamp()))
    good = hmac.new(b"s", stamp.encode() + b".{}", sha256).hexdigest()
    wrong = [f"v1={n:064x}" for n in range(MOST_SIGNATURES)]
    check_stamped(b"{}", ",".join([f"t={stamp}", *wrong[1:], f"v1={good}"]), "X", ["s"], NOON, FIVE)
    with pytest.raises(WebhookRefused, match="not signed"):
        check_stamped(b"{}", ",".join([f"t={stamp}", *wrong, f"v1={good}"]), "X", ["s"], NOON, FIVE)


def test_stamp_when_only_another_scheme_signs_then_it_is_no_signature() -> None:
    stamp = str(int(NOON.timestamp()))
    good = hmac.new(b"s", stamp.encode() + b".{}", sha256).hexdigest()
    with pytest.raises(WebhookRefused) as refused:
        check_stamped(b"{}", f"t={stamp},v0={good}", "X", ["s"], NOON, FIVE)
    assert refused.value.reason is WebhookFault.MALFORMED


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_body_when_it_is_no_object_then_malformed(body: bytes) -> None:
    with pytest.raises(WebhookRefused, match="JSON object") as refused:
        json_object(body, "Some Vendor")
    assert refused.value.reason is WebhookFault.MALFORMED


@pytest.mark.parametrize("value", [None, 7, "", "a b", "é", "x" * 201, "line\n"])
def test_ident_when_it_could_not_be_kept_then_refused_or_missing(value: object) -> None:
    assert maybe_ident({"id": value}, "id") is None
    with pytest.raises(WebhookRefused, match="must have id") as refused:
        ident({"id": value}, "id", "Some Vendor")
    assert str(value) not in str(refused.value).replace("id", "") or value in (None, "", 7)


def test_instant_when_it_has_no_zone_or_no_form_then_none() -> None:
    east = timezone(timedelta(hours=2))
    assert maybe_instant({"at": datetime(2026, 1, 1, 2, tzinfo=east).isoformat()}, "at") == datetime(
        2026, 1, 1, tzinfo=UTC
    )
    assert [maybe_instant({"at": each}, "at") for each in ("2026-01-01T00:00:00", "soon", None, 7)] == [None] * 4


def test_webhooks_when_the_provider_has_none_then_one_sentence() -> None:
    with pytest.raises(FeatureDisabled, match=r"^Finastra sends no webhooks that are understood here; its syncs ask"):
        webhooks_of("banking:finastra", mode="sync")
    with pytest.raises(ProviderNotFound):
        webhooks_of("banking:nobody", mode="sync")
