"""`fin-infra categorize` and `rules`: transactions with their categories, what a person says of them, their rules.
Floor 8: the book decides; a rule is tried on all that is there before it is added."""

from __future__ import annotations

from fin_infra.book import Book, open_book
from fin_infra.book.backup import require
from fin_infra.book.engine import Database, default_url
from fin_infra.cli.insights import Form
from fin_infra.cli.output import tell
from fin_infra.cli.tables import print_table
from fin_infra.insights.categories import Rule
from fin_infra.transport import Sync


def book_for(form: Form) -> Book[Sync]:
    """Return the book that a command is about.

    Raises:
        NotRemembered: there is none yet.
    """
    require(Database(default_url()))
    return open_book(user=form.user, tenant=form.tenant)


def list_rules(form: Form) -> None:
    found = book_for(form).rules()

    def draw() -> None:
        if not found:
            tell("There are no rules; add one with: fin-infra rules add CATEGORY --contains WORDS")
            return
        rows = [(str(at), each.id, each.category, conditions(each)) for at, each in enumerate(found, 1)]
        print_table("Rules", ("place", "id", "category", "holds for"), rows)

    form.show(found, Rule, draw)


def conditions(rule: Rule) -> str:
    """Return what a rule holds for, for people."""
    found = [
        f"contains '{rule.contains}'" if rule.contains is not None else "",
        f"fits /{rule.pattern}/" if rule.pattern is not None else "",
        f"at least {rule.low}" if rule.low is not None else "",
        f"at most {rule.high}" if rule.high is not None else "",
        f"account {rule.account_id}" if rule.account_id is not None else "",
        f"money {rule.sign.value}" if rule.sign is not None else "",
    ]
    return ", ".join(each for each in found if each)
