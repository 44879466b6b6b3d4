"""Remember the users of MX's client and their members, and let a member's jobs run.
Floor 8: a member that is well shows the world as it is now; one that is not, as it was when it was last read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from fin_infra.sandbox.vendors.mx import INVESTING, MEMBERS, STATE_MEMBERS, STATES_USER, USER
from fin_infra.sandbox.vendors.mx.access import Refused
from fin_infra.sandbox.world.household import ENROLLMENTS

if TYPE_CHECKING:
    from fin_infra.sandbox.world.world import Account, World

WELL = frozenset({"CONNECTED", "RECONNECTED", "UPDATED"})
POLLS = 2
"""How often the status of a member is asked for until its job has ended: the sandbox's clock stands still."""
BROKER = "SCHWAB"


def guid(prefix: str, *parts: object) -> str:
    """Return the id that belongs to these words."""
    return f"{prefix}-{uuid5(NAMESPACE_URL, ':'.join(map(str, parts)))}"


@dataclass(slots=True)
class User:
    guid: str
    id: str | None = None
    email: str | None = None
    metadata: str | None = None
    is_disabled: bool = False


@dataclass(slots=True)
class Member:
    """A login of a user; `slug` is an enrollment of the world, or the broker."""

    guid: str
    user: str
    slug: str
    status: str = "CONNECTED"
    polls: int = 0
    """How many more questions for its status find it at work."""
    held: bool = False
    """At work until it is told otherwise."""
    seen_at: datetime | None = None
    """When the bank was last read with success, where that is not now."""
    was_read: bool = True
    """Whether its first job has ended."""
    jobs: int = 1

    @property
    def is_busy(self) -> bool:
        return self.held or self.polls > 0


@dataclass(slots=True)
class MxState:
    """What clients and the control plane have changed, until the next reset."""

    began: datetime
    users: dict[str, User] = field(default_factory=dict[str, User])
    members: dict[str, Member] = field(default_factory=dict[str, Member])
    links: dict[str, Link] = field(default_factory=dict[str, "Link"])
    made: int = 0

    def __post_init__(self) -> None:
        self.users = {USER: User(USER, "sandbox-household"), STATES_USER: User(STATES_USER, "sandbox-states")}
        for slug, name in MEMBERS.items():
            self.members[name] = Member(name, USER, slug)
        self.members[INVESTING] = Member(INVESTING, USER, BROKER)
        for status, name in STATE_MEMBERS.items():
            self.members[name] = Member(name, STATES_USER, "ada-harbor", status, seen_at=self.began)

    def next_guid(self, prefix: str) -> str:
        self.made += 1
        return guid(prefix, "made", self.made)

    def user(self, identifier: str) -> User:
        """Return a user by guid or by the client's own id."""
        found = next((user for user in self.users.values() if identifier in (user.guid, user.id)), None)
        if found is None:
            raise Refused(404, "User not found")
        return found

    def member(self, user: User, identifier: str) -> Member:
        found = self.members.get(identifier)
        if found is None or found.user != user.guid:
            raise Refused(404, "Member not found")
        return found

    def of(self, user: User) -> list[Member]:
        return [member for member in self.members.values() if member.user == user.guid]

    def link(self, user: User, slug: str, now: datetime) -> Member:
        """Make the member of a person who has signed in at a bank; MX begins to read it at once."""
        made = Member(self.next_guid("MBR"), user.guid, slug, polls=POLLS, seen_at=now, was_read=False)
        self.members[made.guid] = made
        return made

    def start_job(self, member: Member) -> None:
        """Begin to read the bank, unless that is under way already."""
        if not member.is_busy:
            member.polls, member.jobs = POLLS, member.jobs + 1

    def poll(self, member: Member) -> None:
        """Let the job of a member go on by one question for its status."""
        if member.polls:
            member.polls -= 1
            if not member.polls and member.status in WELL:
                member.seen_at, member.was_read = None, True


@dataclass(slots=True)
class Link:
    """A widget that was asked for: it works once, for ten minutes."""

    user: str
    until: datetime
    member: str | None
    """Whose sign-in is repaired; None for a new one."""
    redirect: str | None = None
    used: bool = False


def institution_code(slug: str) -> str:
    found = next((each for each in ENROLLMENTS if each.slug == slug), None)
    return found.institution.id if found else slug.lower()


def institutions() -> dict[str, str]:
    """Return the banks where somebody of the household banks, by MX's code, and the broker."""
    return {each.institution.id: each.institution.name for each in ENROLLMENTS} | {BROKER.lower(): "Charles Schwab"}


def slug_of(code: str) -> str:
    """Return the enrollment that a bank has of the household."""
    for each in ENROLLMENTS:
        if each.institution.id == code:
            return each.slug
    if code == BROKER.lower():
        return BROKER
    raise Refused(404, "Institution not found")


def accounts_of(world: World, member: Member) -> list[Account]:
    if not member.was_read:
        return []
    return [account for account in world.accounts.values() if account.enrollment.slug == member.slug]
