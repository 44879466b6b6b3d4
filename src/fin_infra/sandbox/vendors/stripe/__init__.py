"""Stripe's API, the part of Identity.
Floor 8: facts that need no server; `vendor` is what the kernel mounts, `access` admits requests and replays them.

Facts of the wire in this folder, where nothing else is said, are from https://docs.stripe.com/api/identity and what the
official Python SDK 16.1 sends and reads.
"""

MOUNT = "stripe"
RESTRICTED_KEY, SECRET_KEY = "rk_test_fin_infra_sandbox_key", "sk_test_fin_infra_sandbox_key"
"""The first may read dates of birth and numbers, the second everything else."""
ENVIRONMENT = {
    "STRIPE_BASE_URL": "{url}",
    "STRIPE_SECRET_KEY": RESTRICTED_KEY,
}
