"""A delivery handed to a provider's room, without a network."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from fin_infra.providers.interfaces.webhooks import Delivery, WebhookEvent
from fin_infra.providers.registry import webhooks_of
from fin_infra.transport.local import LocalTransport


def received(provider: str, body: bytes, headers: Mapping[str, str], at: datetime) -> WebhookEvent:
    """Return what a delivery says, by the settings of the environment."""
    flow = webhooks_of(provider, mode="sync").event(Delivery(body=body, headers=headers, at=at))
    event: WebhookEvent = LocalTransport().run(flow)
    return event
