"""Stripe Identity: checks of documents, selfies and numbers, on Stripe's page or in a page of yours.
Floor 3: `adapter` asks, `payloads` writes and reads, `refusals` says why not."""

from fin_infra.providers.identity.stripe.adapter import VERSION, Settings, Stripe

__all__ = ["VERSION", "Settings", "Stripe"]
