"""Stand in for Teller Connect: what its window gives an app once a person has signed in at a bank.
Floor 8: no window, no person; one call of the control plane enrolls the household at an institution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fin_infra.sandbox.kernel.vendor import Json, only
from fin_infra.sandbox.world.ledger import ident
from fin_infra.sandbox.world.prices import stream

if TYPE_CHECKING:
    from fin_infra.sandbox.world.world import World


def enroll(world: World, body: Json) -> Json:
    """Return the object of Connect's `onSuccess` (https://teller.io/docs/guides/connect), without signatures.

    `institution` is an id of `/teller/institutions` where the household banks; without it, its first bank.

    Raises:
        ValueError: the household has nothing there.
    """
    only(body, "institution")
    found = {account.enrollment.institution.id: account for account in reversed(world.accounts.values())}
    wanted = body.get("institution", next(reversed(found)))
    account = found.get(wanted) if isinstance(wanted, str) else None
    if account is None:
        raise ValueError(f"`institution` must be one of {', '.join(reversed(found))}.")
    enrollment = account.enrollment
    return {
        "accessToken": enrollment.token,
        "user": {"id": ident("usr", stream(world.seed, "user", enrollment.slug))},
        "enrollment": {"id": account.enrollment_id, "institution": {"name": enrollment.institution.name}},
    }
