"""What MX's refusals mean, by their status.
Floor 3: the shape of the body is not documented beyond a message, which may name anything and is left aside.

Statuses: https://docs.mx.com/api-reference/platform-api/overview/errors.
"""

from __future__ import annotations

from collections.abc import Mapping

from fin_infra.errors import (
    AuthenticationFailed,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
)
from fin_infra.flow import by_status
from fin_infra.transport import Reply

_STATUSES: Mapping[int, tuple[type[ProviderError], str]] = {
    401: (
        AuthenticationFailed,
        "MX does not accept the keys; check MX_CLIENT_ID, MX_API_KEY, and MX_SANDBOX with them",
    ),
    403: (PermissionDenied, "MX does not answer this address or this product; have both switched on in its dashboard"),
    404: (NotFound, "MX does not know that id; list the members or accounts to see which exist"),
    405: (InvalidRequest, "MX does not offer this call"),
    406: (InvalidRequest, "MX does not speak the version of its API that was asked for"),
    409: (ProviderUnavailable, "MX is doing something else with this login at this moment; ask again in a few minutes"),
}


def refusal(reply: Reply) -> ProviderError | None:
    """Return the error of a reply that is not 2xx, with the next step."""
    known = _STATUSES.get(reply.status)
    if known is None:
        return by_status(reply)
    kind, text = known
    return kind(text, http_status=reply.status)
