"""Whose key is whose: no two callers share one, and keys from before there were tenants are found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fin_infra.api import User
from fin_infra.api.users import user_of

# Few letters, and all that the scoped form itself is made of, so that two callers often look alike.
NAMES = st.text("a1@:", max_size=6)
TENANTS = st.sampled_from(["default", "a", "1", "a:1", "1@a", ""])


def test_key_of_the_default_tenant_is_what_it_was_before_there_were_tenants() -> None:
    assert User("ana").scoped("key-1") == "3:ana:key-1"
    assert User("").scoped("key-1") == "0::key-1"
    assert user_of("ana") == User("ana", "default")


@given(st.tuples(TENANTS, NAMES, NAMES), st.tuples(TENANTS, NAMES, NAMES))
def test_keys_of_two_callers_are_never_one(one: tuple[str, str, str], two: tuple[str, str, str]) -> None:
    (tenant, user, key), (other_tenant, other_user, other_key) = one, two
    same = User(user, tenant).scoped(key) == User(other_user, other_tenant).scoped(other_key)
    assert same is (one == two)
