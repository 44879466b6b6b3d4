"""Stripe Identity.
Floor 3: `webhook` checks what Stripe sends."""
