"""Stripe in the suite of those who check identities."""

from __future__ import annotations

from collections.abc import Mapping

from fin_infra.providers.identity.stripe.adapter import Stripe
from tests.support.rows import Identity
from tests.support.sandbox import Sandbox

WORDS = {"document_unverified": "document_unverified_other", "selfie_mismatch": "selfie_face_mismatch"}
"""Reasons of ours that Stripe has another word for."""


def finish(sandbox: Sandbox, ident: str, outcome: str) -> None:
    sandbox.control("POST", "/stripe", session=ident, outcome=WORDS.get(outcome, outcome))


def removed(sandbox: Sandbox) -> None:
    sandbox.advance(days=4)


def person(sandbox: Sandbox) -> Mapping[str, str]:
    return dict(sandbox.world()["identity_documents"][0])


ROW = Identity(cls=Stripe, finish=finish, removed=removed, person=person)
