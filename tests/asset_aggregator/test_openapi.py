"""The service against its own OpenAPI: requests made up from the schema, valid ones and others, many per operation.

Whatever arrives, the answer is one that the schema names, in the shape that it says, and never a failure of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conftest import Demo
from tests.support.effort import share

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
STREAMS = ("/brokerage/orders/updates",)
"""Answers that do not end."""
NOT_OURS = ("/ping", "/status")
"""svc-infra's own routes, whose schema promises JSON that they do not send."""


@pytest.fixture(scope="module")
def operations(demo: Demo) -> list[Any]:
    schema = schemathesis.openapi.from_url(f"{demo.service}/openapi.json")
    found = [result.ok() for result in schema.get_all_operations()]
    return [operation for operation in found if operation.path not in (*STREAMS, *NOT_OURS)]


def _failures(operation: Any, demo: Demo) -> Iterator[str]:
    headers = {"Authorization": f"Bearer {demo.token}"}

    @given(case=operation.as_strategy())
    @settings(
        max_examples=share(100, test=4, quick=4),
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    def ask(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS, timeout=60)

    try:
        ask()
    except (Exception, BaseExceptionGroup) as exc:  # every operation is asked, whatever the others answer
        yield f"{operation.label}: {exc!s:.2000}"


def test_service_when_requests_are_made_up_then_each_answer_is_one_of_the_schema(
    operations: list[Any], demo: Demo
) -> None:
    assert len(operations) >= 20
    failed = [text for operation in operations for text in _failures(operation, demo)]
    assert failed == [], "\n\n".join(failed)


def test_openapi_when_a_text_has_a_form_then_its_pattern_says_so(operations: list[Any]) -> None:
    patterns = {
        (operation.path, parameter.name): parameter.definition["schema"].get("pattern")
        for operation in operations
        for parameter in operation.iter_parameters()
    }
    for text, where in [
        ("EUR", ("/fx/{base}/{quote}", "base")),
        ("eur", ("/fx/{base}/{quote}", "quote")),
        ("2026-11-10~tx_1", ("/banking/accounts/{account_id}/transactions", "cursor")),
        ("2026-11-10T14:30:00+00:00~61e69015", ("/brokerage/orders", "cursor")),
    ]:
        assert re.search(patterns[where], text), where
        assert not re.search(patterns[where], "US$"), where
