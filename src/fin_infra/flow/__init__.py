"""How a call is made and protected: operations, policies, telemetry.
Floor 2: an adapter imports what it needs from here and from `fin_infra.transport`."""

from typing import TYPE_CHECKING

from fin_infra._moved import renamed
from fin_infra.flow.access import Access, Kept, Renewable
from fin_infra.flow.breaker import Breaker, BreakerState
from fin_infra.flow.call import deadline, note, row_errors
from fin_infra.flow.client import Client, inbound_id, json_of
from fin_infra.flow.limits import Limiter, Quota
from fin_infra.flow.operation import Bound, BoundPages, operation, paged
from fin_infra.flow.pages import PageWalk
from fin_infra.flow.policies import Backoff, Policy, survive
from fin_infra.flow.refusals import by_status, rate_limit, retry_after, wrong_field
from fin_infra.flow.rows import read_rows, row_error
from fin_infra.flow.telemetry import CallRecord, observe_breakers, observe_calls, request_id

__all__ = [
    "Access",
    "Backoff",
    "Bound",
    "BoundPages",
    "Breaker",
    "BreakerState",
    "CallRecord",
    "Client",
    "Kept",
    "Limiter",
    "PageWalk",
    "Policy",
    "Quota",
    "Renewable",
    "by_status",
    "deadline",
    "inbound_id",
    "json_of",
    "note",
    "observe_breakers",
    "observe_calls",
    "operation",
    "paged",
    "rate_limit",
    "read_rows",
    "request_id",
    "retry_after",
    "row_error",
    "row_errors",
    "survive",
    "wrong_field",
]

if not TYPE_CHECKING:  # checkers go on refusing names that do not exist
    __getattr__ = renamed(__name__, {"Caller": "fin_infra.flow.client.Client"})
