"""Write docs/reference: factory functions, operations, models, errors and routes, from their docstrings and signatures.

`python dx/reference.py` writes the pages; a test fails when one has gone stale. mkdocstrings works with zensical, too,
but reads the source without running it: an operation would return the `Flow[...]` of the code instead of what users
get, and which provider offers it would not be said.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import importlib
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from docstrings import annotation, call, cell, code, first_sentence, prose
from reference_http import http

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "reference"
MADE = "<!-- made by python dx/reference.py from the code; change the docstrings there -->\n\n"
FACTORIES = (
    ("fin_infra.banking", "easy_banking"),
    ("fin_infra.markets", "easy_market"),
    ("fin_infra.crypto", "easy_crypto"),
    ("fin_infra.fx", "easy_fx"),
    ("fin_infra.brokerage", "easy_brokerage"),
    ("fin_infra.brokerage", "easy_brokerage_aggregator"),
    ("fin_infra.identity", "easy_identity"),
)
DOMAINS = (
    ("Banking", "banking", "banking.BankingProvider"),
    ("Market data", "market", "market.MarketDataProvider"),
    ("Crypto data", "crypto", "crypto.CryptoDataProvider"),
    ("Exchange rates", "fx", "fx.FxProvider"),
    ("Brokerage", "brokerage", "brokerage.BrokerageProvider"),
    ("Aggregators of brokers", "brokerage", "aggregator.BrokerageAggregatorProvider"),
    ("Identity checks", "identity", "identity.IdentityProvider"),
)
FUNCTIONS = (
    ("fin_infra", ("to_frame",)),
    ("fin_infra.brokerage", ("read_holdings",)),
    ("fin_infra.analytics", ()),
    ("fin_infra.normalize", ()),
    ("fin_infra.calendars", ("calendar", "Calendar", "Session")),
    ("fin_infra.cashflows", ()),
    ("fin_infra.imports.statements", ()),
    ("fin_infra.i18n", ("format_money", "format_date", "format_time")),
    ("fin_infra.flow", ("row_errors", "deadline", "request_id", "observe_calls", "observe_breakers", "CallRecord")),
    ("fin_infra.providers.registry", ("resolve", "providers", "unavailable")),
    ("fin_infra.testing", ()),
    ("fin_infra.sandbox", ("running", "environment", "serve")),
    ("fin_infra.api", ()),
    ("bankersbank.finastra", ("FinastraAPIClient", "AsyncFinastraAPIClient", "FinastraConfig", "Collateral")),
)
MODELS = (
    ("What every record has", ("record",)),
    ("Money, instruments and rates", ("money", "instrument", "fx")),
    ("Banking", ("banking", "liabilities")),
    ("Logins that are linked", ("linking",)),
    ("Market and crypto data", ("market", "crypto", "symbols")),
    ("Orders", ("order",)),
    ("Brokerage", ("brokerage",)),
    ("Holdings at many brokers", ("aggregator", "holdings")),
    ("Identity checks", ("identity",)),
    ("Statements", ("statement",)),
    ("Net worth", ("networth",)),
)


OF_NUMBERS = {
    "price open high low close previous_close limit_price stop_price trail_price high_water_mark take_profit stop_loss "
    "stop_loss_limit filled_average_price average_price current_price last_day_price unit_price bid ask eps book_value "
    "dividend_per_share high_52_weeks low_52_weeks": "In `currency`, for one unit.",
    "quantity filled_quantity position_quantity units bid_size ask_size size volume": "In shares, contracts or coins.",
    "market_cap notional volume_24h": "In `currency`.",
    "trail_percent": "In percent: 1 means one.",
}
OF_ALL = {
    "key": "The instrument, such as `XNAS:AAPL`.",
    "unit": "What the venue quotes in; `GBX` is pence.",
    "currency": "ISO 4217.",
    "country": "ISO 3166, or as the vendor writes it.",
    "errors": "What could not be read or asked; the rest is there.",
}
"""What a name means wherever a model has it and says nothing of its own; above, where its type is a number."""
BY_TYPE = {"datetime": "Aware.", "Money": "With its currency.", "date": "A calendar day.", "dt.date": "A calendar day."}


def convention(name: str, given: str) -> str:
    """Return what a field's name, or else its type, says by convention."""
    tables = {**OF_NUMBERS, **OF_ALL} if "Decimal" in given else OF_ALL
    found = next((text for names, text in tables.items() if name in names.split()), "")
    if not found and re.search(r"\bid$|_id$", name):
        found = "The provider's own id."
    return found or BY_TYPE.get(given.removesuffix(" | None"), "")


@cache
def field_texts(file: str) -> dict[tuple[str, str], str]:
    """Return the text under each attribute of the classes in a file."""
    found: dict[tuple[str, str], str] = {}
    for node in ast.walk(ast.parse(Path(file).read_text("utf-8"))):
        if isinstance(node, ast.ClassDef):
            for field, text in zip(node.body, node.body[1:], strict=False):
                if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                    target = field.target if isinstance(field, ast.AnnAssign) else None
                    target = field.targets[0] if isinstance(field, ast.Assign) else target
                    if isinstance(target, ast.Name):
                        found[node.name, target.id] = inspect.cleandoc(str(text.value.value))
    return found


def text_of(cls: type, name: str) -> str:
    """Return what the class, or a base, says under the attribute `name`."""
    for base in cls.__mro__:
        if base.__module__.startswith(("fin_infra", "bankersbank")):
            text = field_texts(inspect.getfile(base)).get((base.__name__, name))
            if text:
                return text
    return ""


def factories() -> str:
    """Return the page of the functions that open a provider."""
    lines = [
        "# Factory functions\n\nEach opens the configured provider of its domain, or the one that is named. With "
        '`mode="async"` the same operations are awaited. Their results have the [operations](providers.md) of the '
        "domain.",
    ]
    for module, name in FACTORIES:
        fn = getattr(importlib.import_module(module), name)
        lines += [f"## {name}", f"`from {module} import {name}`", call(name, inspect.signature(fn)), prose(fn.__doc__)]
    return page(lines)


def providers() -> str:
    """Return the page of all operations, and which built-in providers have them."""
    from fin_infra.providers import registry
    from fin_infra.providers.provider import Provider

    lines = [
        '# Operations\n\nSignatures are those of a sync provider. An async one (`mode="async"`) returns an awaitable '
        "of the same result, and an `AsyncIterator` where `Iterator` stands here. An operation that a provider does "
        "not offer raises `FeatureDisabled` before anything is sent; `provider.can` names those it offers. What all "
        "can raise is in [errors](errors.md).",
        "## On every provider",
    ]
    for name in ("ping", "close", "aclose"):
        lines += _method(Provider, name, "###")
    lines.append(f"### can\n\n{text_of(Provider, 'can')}")
    for title, domain, path in DOMAINS:
        module, _, name = path.partition(".")
        interface = getattr(importlib.import_module(f"fin_infra.providers.interfaces.{module}"), name)
        adapters = [cls for cls in registry.providers(domain) if issubclass(cls, interface)]
        lines += [f"## {title}", prose(interface.__doc__) if "__doc__" in vars(interface) else ""]
        names = list(_operations(interface))
        lines.append(_table(names, interface, adapters))
        for each in names:
            lines += _method(interface, each, "###")
        for cls in adapters:
            own = [each for each in _operations(cls) if each not in names]
            if own:
                lines += [f"### Only {cls.info.title}", *(line for each in own for line in _method(cls, each, "####"))]
    return page(lines)


def _operations(cls: type) -> Iterator[str]:
    """Yield the names of operations, the core first and then what is optional, each in the order of the code."""
    from fin_infra.flow import operation, paged
    from fin_infra.providers.provider import Provider

    bases = [base for base in cls.__mro__ if issubclass(base, Provider) and base is not Provider]
    seen: set[str] = set()
    for base in bases:
        for name, value in vars(base).items():
            shown = isinstance(value, (operation, paged)) or name in ("trade_updates", "streams", "sync_every_s")
            if shown and name not in seen:
                seen.add(name)
                yield name


def _table(names: list[str], interface: type, adapters: list[Any]) -> str:
    rows = ["| operation | does | " + " | ".join(cls.info.title for cls in adapters) + " |"]
    rows.append("|---|---|" + "---|" * len(adapters))
    for name in names:
        marks = ["yes" if _has(cls, interface, name) else "" for cls in adapters]
        doc = first_sentence(inspect.getdoc(inspect.getattr_static(interface, name)))
        rows.append(f"| [`{name}`](#{anchor(interface, name)}) | {cell(doc)} | " + " | ".join(marks) + " |")
    return "\n".join(rows)


def _has(cls: Any, interface: type, name: str) -> bool:
    from fin_infra.flow import operation, paged

    if isinstance(inspect.getattr_static(cls, name), (operation, paged)):
        return name in cls.can
    return name == "streams" or inspect.getattr_static(cls, name) is not inspect.getattr_static(interface, name)


def anchor(cls: type, name: str) -> str:
    """Return an anchor that is of this class's alone: `candles` stands in three interfaces."""
    return f"{cls.__name__.lower()}-{name}"


def _method(cls: type, name: str, level: str) -> list[str]:
    value = inspect.getattr_static(cls, name)
    head = f"{level} {name} {{ #{anchor(cls, name)} }}"
    if isinstance(value, property):
        result = annotation(value.fget.__annotations__.get("return", ""))
        return [head, f"```py\n{name}: {result}\n```", prose(value.__doc__)]
    if isinstance(value, classmethod):
        value = value.__func__
        found = inspect.signature(value)
        rest = [each for each in found.parameters.values() if each.name != "cls"]
        return [head, call(name, found.replace(parameters=rest)), prose(value.__doc__)]
    prefix = "async " if inspect.iscoroutinefunction(value) else ""
    return [head, call(name, inspect.signature(value), prefix=prefix), prose(inspect.getdoc(value))]


def functions() -> str:
    """Return the page of everything else that is public: calculations, normalization, statements, testing, the API."""
    lines = [
        "# Functions and classes\n\nWhat works on the results of [operations](providers.md), on files and on values of "
        "your own, module by module.",
    ]
    for module, chosen in FUNCTIONS:
        loaded = importlib.import_module(module)
        lines += [f"## {module}", prose(loaded.__doc__)]
        for name in chosen or loaded.__all__:
            value = getattr(loaded, name)
            if inspect.isclass(value):
                if not value.__module__.startswith("fin_infra.model"):
                    lines += _class(value)
            elif callable(value) and inspect.isfunction(inspect.unwrap(value)):
                lines += [f"### {name}", call(name, _signature(value)), prose(value.__doc__)]
    return page(lines)


def _signature(fn: Any) -> inspect.Signature:
    """Return the signature; a generator that `contextmanager` wraps is entered with `with`, and shown so."""
    found = inspect.signature(fn)
    while fn.__code__.co_filename != contextlib.__file__:
        if not hasattr(fn, "__wrapped__"):
            return found
        fn = fn.__wrapped__
    entered = re.sub(r"^\w+\[(.*)\]$", r"AbstractContextManager[\1]", annotation(found.return_annotation))
    return found.replace(return_annotation=entered)


def _class(cls: type) -> list[str]:
    lines = [f"### {cls.__name__}"]
    own = vars(cls).get("__doc__")
    if own and not own.startswith(f"{cls.__name__}("):
        lines.append(prose(own))
    if issubclass(cls, Enum):
        return [*lines, _members(cls)]
    if dataclasses.is_dataclass(cls):
        lines.append(_fields(cls))
    if not issubclass(cls, tuple):
        lines.append(_methods(cls))
    return [line for line in lines if line]


def _members(cls: type[Enum]) -> str:
    texts = [(member, text_of(cls, member.name)) for member in cls]
    if not any(text for _, text in texts):
        return ", ".join(f"`{member.value}`" for member, _ in texts)
    return "\n".join(f"- `{member.value}`{': ' + ' '.join(text.split()) if text else ''}" for member, text in texts)


def _fields(cls: type) -> str:
    """Return the table of a class's own fields; those of `Record` are told once."""
    own = [each for each in dataclasses.fields(cls) if each.name in vars(cls).get("__annotations__", {})]
    rows = ["| field | type | meaning |", "|---|---|---|"]
    for each in own:
        if not each.name.startswith("_"):
            given = annotation(each.type)
            meaning = text_of(cls, each.name)
            if not meaning and cls.__module__.startswith("fin_infra.model"):
                meaning = convention(each.name, given)
            rows.append(f"| `{each.name}` | {code(given)} | {cell(meaning)} |")
    return "\n".join(rows) if len(rows) > 2 else ""


def _methods(cls: type) -> str:
    from fin_infra.flow import operation, paged

    rows = ["| method | does |", "|---|---|"]
    asked = {
        name: value
        for base in reversed(cls.__mro__)
        for name, value in vars(base).items()
        if isinstance(value, (operation, paged))
    }
    for name, value in (asked | dict(vars(cls))).items():
        doc = inspect.getdoc(value.__func__ if isinstance(value, (classmethod, staticmethod)) else value)
        if name.startswith("_") or not doc or not (callable(value) or isinstance(value, (property, classmethod))):
            continue
        rows.append(f"| {code(_short(name, value))} | {cell(doc.split(chr(10) + chr(10))[0])} |")
    return "\n".join(rows) if len(rows) > 2 else ""


def _short(name: str, value: Any) -> str:
    if isinstance(value, property):
        return name
    fn = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
    found = [each for each in inspect.signature(fn).parameters.values() if each.name not in ("self", "cls")]
    return f"{name}({', '.join(each.name if each.default is each.empty else f'{each.name}=' for each in found)})"


def models() -> str:
    """Return the page of all models with their fields."""
    from fin_infra import model

    lines = [
        "# Models\n\nResults are frozen dataclasses; all take keyword arguments only. Everywhere the same holds:\n\n"
        "- An amount is a `Money`, a `Decimal` with its currency. A price that is a plain `Decimal` has its `currency` "
        "beside it, always in the major unit: pounds, not pence.\n"
        "- Money that comes in is positive, money that goes out is negative. What you owe has a negative balance, a "
        "short position a negative value.\n"
        "- A `datetime` is aware and in UTC. A `date` is a calendar day at the bank or the exchange.\n"
        "- `None` means that nobody said; it is never 0. A field whose name ends in `_text` has the vendor's own "
        "word, where the field beside it has ours.\n"
        "- A share of something is a fraction of one, and a percentage says so in its name.\n"
        "- Every `Record` also has `source`, `as_of`, `raw` and `meta`; every model has the ways out of "
        "[data](../data.md).",
    ]
    for title, modules in MODELS:
        lines.append(f"## {title}")
        for module in modules:
            for name in model.__all__:
                cls = getattr(model, name)
                if inspect.isclass(cls) and cls.__module__ == f"fin_infra.model.{module}":
                    lines += _class(cls)
    return page(lines)


def errors() -> str:
    """Return the page of all error classes: when each is raised, what to do, what it knows."""
    from fin_infra import errors as tree

    lines = [
        "# Errors\n\n`from fin_infra.errors import FinInfraError`. Each has a stable `code`, a `title`, a `next_step` "
        "and the HTTP `status` with which the service answers. [Errors](../errors.md) has them as one table, and how "
        "to handle them.",
    ]
    for cls in tree.error_classes():
        if cls.__module__ == tree.__name__:
            base = next(base.__name__ for base in cls.__mro__[1:])
            facts = f'"{cls.title}", `{cls.code}`, HTTP {cls.status}' + ("" if base == "Exception" else f", a `{base}`")
            lines += [f"## {cls.__name__}", facts, prose(cls.__doc__), _knows(cls)]
    lines += _class(tree.RejectReason)
    return page(lines)


def _knows(cls: type) -> str:
    if "__init__" not in vars(cls):
        return ""
    given = [
        each for each in inspect.signature(cls.__init__).parameters.values() if each.name not in ("self", "message")
    ]
    return "Knows " + ", ".join(f"`{each.name}`" for each in given) + "."


def page(lines: list[str]) -> str:
    """Return the parts as one page."""
    return MADE + "\n\n".join(line.strip("\n") for line in lines if line) + "\n"


PAGES = {
    "factories.md": factories,
    "providers.md": providers,
    "functions.md": functions,
    "models.md": models,
    "errors.md": errors,
    "http.md": lambda: MADE + http(),
}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make(), "utf-8")


if __name__ == "__main__":
    main()
