"""The tables of the book. Every personal row begins with its tenant and user; market data belongs to nobody.
Floor 6: one text for SQLite and PostgreSQL; what a table is for stands above it, and `revisions/` makes them.

An id is the position of the change that made the row: no two things of a household share one.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fin_infra.book.columns import Bytes, Day, Exact, Instant, Key, Whole

meta = sa.MetaData()
SCOPE = ("tenant", "user_id")


def _key(name: str, kind: Any = Key) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _fact(name: str, kind: Any = Key) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _maybe(name: str, kind: Any = Key) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _market(name: str, *items: Any) -> sa.Table:
    """A table of facts that are the same for everybody."""
    return sa.Table(name, meta, *items, sqlite_strict=True, sqlite_with_rowid=False)


def _personal(name: str, *items: Any) -> sa.Table:
    return _market(name, *(_key(part) for part in SCOPE), *items)


# One row a household; its lock orders who writes, and `head` is the position of the last change.
households = _personal("households", _fact("head", Whole))

# A login at a vendor. Its tokens are sealed, and its data key is wrapped by the vault's main key. `vendor_id` is how
# the vendor names it; `twin` is the connection that it was taken for the same as, before its first sync; `funds` names
# the companies that move money by it. One that was ended and still has its tokens is a tombstone: the vendor is to be
# told of the end.
connections = _personal(
    "connections",
    _key("id"),
    _fact("provider"),
    _fact("state"),
    _fact("since", Instant),
    _maybe("reason"),
    _maybe("next_step"),
    _maybe("sealed"),
    _maybe("data_key"),
    _fact("generation", Whole),
    _fact("sealed_times", Whole),
    _fact("made_at", Instant),
    _maybe("synced_at", Instant),
    _maybe("vendor_id"),
    _maybe("institution"),
    _maybe("twin"),
    _maybe("funds"),
    _maybe("ends_at", Instant),
)
# Without the household in front: an event of a vendor names a login and nobody's household.
sa.Index("connections_vendor", connections.c.provider, connections.c.vendor_id)

# A page of a vendor on which a person links a login, by the digest of its token; `connection` is the one to repair.
links = _personal(
    "links",
    _key("digest"),
    _fact("provider"),
    _maybe("connection"),
    _fact("state"),
    _fact("made_at", Instant),
)

# Where the sync of a connection is, and who is at it: see lease.py. `news` counts what the vendor has told by itself,
# and `heard` how much of that there was when the last sync began that came to an end.
streams = _personal(
    "streams",
    _key("connection"),
    _fact("fence", Whole),
    _fact("until", Instant),
    _fact("cursor"),
    _fact("run_cursor"),
    _fact("kept", Whole),
    _fact("applied", Whole),
    _fact("whole", Whole),
    _maybe("tried_at", Instant),
    _maybe("news", Whole),
    _maybe("heard", Whole),
)

# Pages of a run that is not whole or not applied yet, compressed, and sealed where the connection has a key.
pages = _personal("pages", _key("connection"), _key("number", Whole), _fact("body", Bytes))

# What a vendor sent, by page: compressed and sealed, for the day somebody has to prove what it said.
payloads = _personal("payloads", _key("source"), _key("position", Whole), _fact("at", Instant), _fact("body", Bytes))

# An account at one institution; of a file's, `sealed` is what the file prints about it. `joined` names the account it
# is the same as, by proof or a person's word.
accounts = _personal(
    "accounts",
    _key("id", Whole),
    _fact("source"),
    _fact("vendor_id"),
    _fact("name"),
    _fact("type"),
    _fact("subtype"),
    _fact("currency"),
    _fact("institution"),
    _maybe("ending"),
    _fact("status"),
    _maybe("joined", Whole),
    _maybe("sealed"),
)
sa.Index("accounts_vendor", accounts.c.vendor_id)  # as connections_vendor

# What an account held at the end of a day, by the last word of that day.
balances = _personal(
    "balances",
    _key("account", Whole),
    _key("day", Day),
    _fact("source"),
    _fact("at", Instant),
    _fact("currency"),
    _maybe("current", Exact),
    _maybe("available", Exact),
    _maybe("e4", Whole),
)

# A day on which all holdings of an account were told, and by whom; those of `holdings` with that day, or none.
snapshots = _personal("snapshots", _key("account", Whole), _key("day", Day), _fact("source"), _fact("at", Instant))

# What was held in an account on a day, by instrument; `kind` is a word of `pages.Position`, or of `by_hand.py`.
holdings = _personal(
    "holdings",
    _key("account", Whole),
    _key("day", Day),
    _key("vendor_id"),
    _maybe("instrument"),
    _fact("name"),
    _fact("quantity", Exact),
    _maybe("price", Exact),
    _maybe("value", Exact),
    _maybe("basis", Exact),
    _fact("currency"),
    _maybe("kind"),
    _maybe("asset_class"),
    _maybe("average_price", Exact),
    _maybe("identifier"),
)

# A transaction as the bank or a file tells it now; `state` is pending, posted or removed.
transactions = _personal(
    "transactions",
    _key("id", Whole),
    _fact("account", Whole),
    _fact("source"),
    _fact("vendor_id"),
    _fact("day", Day),
    _fact("text"),
    _fact("currency"),
    _fact("amount", Exact),
    _maybe("e4", Whole),
    _fact("state"),
    _fact("category"),
    _maybe("category_text"),
    _maybe("type_text"),
    _maybe("counterparty"),
)
sa.Index("transactions_day", *(transactions.c[name] for name in (*SCOPE, "day", "id")))
sa.Index("transactions_account", *(transactions.c[name] for name in (*SCOPE, "account", "day")))

# A purchase, sale, dividend or fee at a broker, as it or a file tells it now; `reference` is what a vendor may call it
# beside its id, and `identifier` the instrument's, behind its scheme.
trades = _personal(
    "trades",
    _key("id", Whole),
    _fact("account", Whole),
    _fact("source"),
    _fact("vendor_id"),
    _fact("day", Day),
    _maybe("at", Instant),
    _fact("kind"),
    _maybe("instrument"),
    _maybe("quantity", Exact),
    _maybe("price", Exact),
    _maybe("amount", Exact),
    _fact("currency"),
    _fact("text"),
    _fact("state"),
    _maybe("symbol"),
    _maybe("identifier"),
    _maybe("settled", Day),
    _maybe("fee", Exact),
    _maybe("reference"),
)
sa.Index("trades_account", *(trades.c[name] for name in (*SCOPE, "account", "day")))

# Every id under which a connection or an import ever named a row: what it brought, and what an undo takes away.
aliases = _personal("aliases", _key("source"), _key("vendor_id"), _fact("id", Whole))
sa.Index("aliases_id", *(aliases.c[name] for name in (*SCOPE, "id")))

# A statement file that was read into the book.
documents = _personal(
    "documents",
    _key("id", Whole),
    _fact("name"),
    _fact("digest"),
    _fact("format"),
    _fact("state"),
    _fact("at", Instant),
)

# What a document says of one account: its balance, and how many lines; the lines themselves are a sealed payload.
document_parts = _personal(
    "document_parts",
    _key("document", Whole),
    _key("number", Whole),
    _fact("account", Whole),
    _fact("lines", Whole),
    _maybe("day", Day),
    _maybe("currency"),
    _maybe("current", Exact),
    _maybe("available", Exact),
    _maybe("difference", Exact),
)
sa.Index("document_parts_account", *(document_parts.c[name] for name in (*SCOPE, "account")))

# A data key of the household that belongs to no connection, wrapped by the vault's main key.
vault_keys = _personal("vault_keys", _key("name"), _fact("data_key"), _fact("sealed_times", Whole))

# A check of who a person is, at a vendor. `sealed` is what it found out, under a data key of its own; both are gone
# from the moment on that somebody has it removed, whatever `redaction` says of the vendor.
verifications = _personal(
    "verifications",
    _key("id"),
    _fact("provider"),
    _fact("kind"),
    _fact("state"),
    _fact("since", Instant),
    _maybe("reason"),
    _maybe("vendor_id"),
    _maybe("idempotency_key"),
    _fact("asked"),
    _fact("redaction"),
    _fact("made_at", Instant),
    _maybe("ended_at", Instant),
    _maybe("told_at", Instant),
    _maybe("sealed"),
    _maybe("data_key"),
)

# A house, a car, a private loan: what no vendor knows, valued by a person day by day.
assets = _personal(
    "assets",
    _key("id", Whole),
    _fact("name"),
    _fact("kind"),
    _fact("currency"),
    _fact("state"),
    _maybe("removed_on", Day),
)
asset_values = _personal("asset_values", _key("asset", Whole), _key("day", Day), _fact("amount", Exact))

# What a person says about a row, beside what the vendor said: category, whether it is for the past too, note, split,
# link, apart (not a transfer), hidden, deleted. `position` is that of the change; of two words about one merchant the
# later one holds.
said = _personal("said", _key("id", Whole), _key("kind"), _fact("value"), _maybe("position", Whole))

# A person's rules for categories, in the order of `place`, from 1 on without a gap; the first that fits decides.
rules = _personal(
    "rules",
    _key("id", Whole),
    _fact("place", Whole),
    _fact("category"),
    _maybe("contains"),
    _maybe("pattern"),
    _maybe("low", Exact),
    _maybe("high", Exact),
    _maybe("account", Whole),
    _maybe("sign"),
    _fact("made_at", Instant),
)

# What a person did to their budget, in its order: `kind` is that of a step of `insights/budgets/steps.py`, `until` the
# month of a target, `word` what becomes of overspending. An undo is a further row, and nothing is changed or deleted.
budget_steps = _personal(
    "budget_steps",
    _key("id", Whole),
    _fact("kind"),
    _maybe("month"),
    _maybe("category"),
    _maybe("other"),
    _maybe("currency"),
    _maybe("amount", Exact),
    _maybe("until"),
    _maybe("word"),
    _fact("at", Instant),
)

# Transactions added up by month, only to be quick: all of it can be thrown away, see month_sums.py. `head` is the
# position of the log up to which the sums are right, and `version` the program that labeled.
sums_state = _personal("sums_state", _fact("head", Whole), _fact("version"))
month_sums = _personal("month_sums", _key("month"), _fact("sums"), _fact("ids", Bytes))

# What a person wants to reach; `account` is whose balance counts, and amounts are positive, a debt's too.
goals = _personal(
    "goals",
    _key("id", Whole),
    _fact("kind"),
    _fact("name"),
    _fact("currency"),
    _fact("target", Exact),
    _maybe("account", Whole),
    _maybe("monthly", Exact),
    _maybe("by_day", Day),
    _fact("annual_rate", Exact),
    _fact("made_at", Instant),
)

# Alerts that a person does not want to see again; `alert` is made from what an alert is about.
dismissed_alerts = _personal("dismissed_alerts", _key("alert"), _fact("kind"), _fact("dismissed_at", Instant))

# A doubt that a person settles, and the answer; `pattern` finds an earlier answer at the same institution.
doubts = _personal(
    "doubts",
    _key("row", Whole),
    _key("other", Whole),
    _fact("kind"),
    _fact("institution"),
    _fact("pattern"),
    _fact("at", Instant),
    _maybe("same", Whole),
)
sa.Index("doubts_pattern", *(doubts.c[name] for name in (*SCOPE, "institution", "pattern")))

# The append-only log: what changed, in the order in which it was committed; `before` has the old values as JSON.
changes = _personal(
    "changes",
    _key("position", Whole),
    _fact("subject"),
    _fact("kind"),
    _fact("id", Whole),
    _fact("source"),
    _fact("at", Instant),
    _maybe("before"),
)

# Closing prices and reference rates by day; a corrected one is a further row.
prices = _market(
    "prices",
    _key("instrument"),
    _key("day", Day),
    _key("recorded_at", Instant),
    _fact("source"),
    _fact("close", Exact),
    _fact("currency"),
)
splits = _market("splits", _key("instrument"), _key("day", Day), _fact("ratio", Exact), _fact("source"))
rates = _market(
    "rates",
    _key("base"),
    _key("quote"),
    _key("day", Day),
    _key("recorded_at", Instant),
    _fact("source"),
    _fact("rate", Exact),
)

# Fingerprints of households that were erased, so that a backup from before does not bring one back: see tombstones.py.
erasures = _market("erasures", _key("fingerprint"), _fact("at", Instant))
# Spans of days of an instrument, or of rates, that have been asked for: a day without a price in one is a day on which
# there was none, and is not asked for a second time. `end` is the day after the last one.
filled = _market("filled", _key("subject"), _key("start", Day), _fact("end", Day))


# Events that vendors told by themselves, each once: see webhooks.py. They name logins by the vendor's ids, and nobody.
webhooks = _market(
    "webhooks",
    _key("provider"),
    _key("event_id"),
    _fact("kind"),
    _fact("type"),
    _maybe("login"),
    _maybe("account"),
    _maybe("said_at", Instant),
    _maybe("ends_at", Instant),
    _maybe("reason"),
    _fact("taken_at", Instant),
    _fact("outcome"),
)
sa.Index("webhooks_outcome", webhooks.c.outcome, webhooks.c.taken_at)

PERSONAL: tuple[sa.Table, ...] = tuple(table for table in meta.sorted_tables if SCOPE[0] in table.c)
"""The tables of a household, which erasure empties and an export writes."""
