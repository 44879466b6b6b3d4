"""Log lines with personal data in them, and lines without, by the thousand: made here, and by Faker.

Nothing of the package is used: the values are Faker's, and what surrounds them are forms that programs write. Each
dirty line says which values must not be read in it.
"""

from __future__ import annotations

import json
import random
import string
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import md5, sha1, sha256
from urllib.parse import quote, urlencode

from faker import Faker

from tests.pii.clean_lines import CLEAN

LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "pt_PT", "no_NO", "fi_FI", "de_CH")
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Dirty:
    kind: str
    line: str
    value: str
    """What must not be read in the masked line."""

    def leaks(self, masked: str) -> bool:
        return leaked(self.value, masked, around=self.line.replace(self.value, ""))


class Corpus:
    """A stream of lines that is the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.fakes = {locale: Faker(locale) for locale in LOCALES}
        for number, fake in enumerate(self.fakes.values()):
            fake.seed_instance(seed * 100 + number)
        self.us = self.fakes["en_US"]

    def dirty(self, count: int) -> Iterator[Dirty]:
        kinds = list(_KINDS)
        for number in range(count):
            kind = kinds[number % len(kinds)]
            value, labels = _KINDS[kind](self)
            yield Dirty(kind, self._noise(self._dressed(self.rng.choice(labels), value)), value)

    def clean(self, count: int) -> Iterator[str]:
        for number in range(count):
            yield CLEAN[number % len(CLEAN)](self)

    def digits(self, count: int) -> str:
        return str(self.rng.randint(1, 9)) + "".join(self.rng.choices(string.digits, k=count - 1))

    def letters(self, count: int, of: str = string.ascii_letters + string.digits) -> str:
        return "".join(self.rng.choices(of, k=count))

    def grouped(self, value: str) -> str:
        """Write a card number as people do."""
        sep = self.rng.choice(("", "", " ", "-"))
        sizes = (4, 6, 5) if len(value) == 15 else (4, 6, 4) if len(value) == 14 else (4,) * 5
        groups, rest = [], value
        for size in sizes:
            groups.append(rest[:size])
            rest = rest[size:]
        return sep.join(filter(None, groups))

    def amount(self) -> str:
        return f"{self.rng.choice((1, 1, -1)) * self.rng.uniform(0.01, 10 ** self.rng.randint(1, 9)):.2f}"

    def at(self) -> datetime:
        return EPOCH + timedelta(seconds=self.rng.uniform(0, 300 * 86_400))

    def uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self.rng.getrandbits(128))

    def ident(self) -> str:
        """Return what vendors call their rows: twenty letters and digits."""
        return self.letters(20, string.ascii_lowercase + string.digits)

    def hash(self) -> str:
        data = self.letters(12).encode()
        return self.rng.choice((sha256, sha1, md5))(data, usedforsecurity=False).hexdigest()

    def _dressed(self, label: str, value: str) -> str:
        """Put label and value into a form; an empty label is for what is recognized by itself."""
        if not label:
            forms: list[Callable[[str], str]] = [
                lambda v: f"rejected {v}, try again",
                lambda v: f"{v}: not accepted",
                lambda v: f"paid {self.amount()} USD with {v} at {self.at():%H:%M:%S}",
                lambda v: json.dumps({"note": f"see {v}", "amount": float(self.amount())}),
                lambda v: (
                    f"Traceback (most recent call last):\n  File \"a.py\", line 7, in pay\nValueError: bad input '{v}'"
                ),
                lambda v: f"GET /search?q={quote(v)}&page=2",
                lambda v: f"('{v}', {self.amount()})",
                lambda v: f"<note>{v}</note>",
            ]
            return self.rng.choice(forms)(value)
        snake = label.replace(" ", "_")
        first, *others = label.split(" ")
        camel = first + "".join(word.capitalize() for word in others)
        amount = self.amount()
        return self.rng.choice(
            (
                f"{label} {value} refused",
                f"{label.capitalize()}: {value}",
                f"no match for {label} '{value}' (amount {amount})",
                f"{label} is {value}.",
                f"{label} #{value}; {amount} EUR",
                f"{snake}={value} amount={amount}",
                f"{snake}: {value}",
                f"{label.upper()}: {value}",
                json.dumps({snake: value, "amount": amount}),
                json.dumps({"amount": float(amount), camel: value}, separators=(",", ":")),
                json.dumps({"data": [{snake: value}]}, indent=2),
                json.dumps({"body": json.dumps({camel: value})}),
                repr({snake: value, "n": 3}),
                f"https://api.example.com/v1/find?{urlencode({'page': 2, snake: value})}",
                f"redirect=https%3A%2F%2Fx.example%2F%3F{snake}%3D{quote(value)}",
                f"<{camel}>{value}</{camel}><Amt>{amount}</Amt>",
                f"<td>{label}</td><td>{value}</td>",
                f"Record({snake}='{value}', amount={amount})",
                f"Traceback (most recent call last):\n  File \"b.py\", line 3, in f\nKeyError: \"{snake}='{value}'\"",
            )
        )  # fmt: skip

    def _noise(self, text: str) -> str:
        at = self.at()
        return self.rng.choice(
            (
                text,
                f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03} WARNING fin_infra.flow: {text}",
                f"[{at.timestamp():.3f}] {text} elapsed_ms={self.rng.uniform(1, 900):.3f}",
                f"{text} request_id={self.uuid()}",
                f"order_id={self.digits(12)} {text}",
            )
        )


Value = Callable[[Corpus], tuple[str, tuple[str, ...]]]


OTHER_NETWORKS = (
    ("3530", 16), ("3566", 16), ("3589", 16), ("6212", 16), ("6250", 19), ("2223", 16), ("2720", 16), ("2200", 16),
    ("6759", 16), ("5018", 16), ("6521", 16), ("6071", 16), ("9792", 16), ("5061", 16), ("6362", 16),
)  # fmt: skip
"""First digits that the networks themselves print in their guides for testers, which Faker does not make (its JCB
numbers begin with any 35); with lengths."""


def _card(corpus: Corpus) -> tuple[str, tuple[str, ...]]:
    if corpus.rng.random() < 0.3:
        start, length = corpus.rng.choice(OTHER_NETWORKS)
        number = with_check_digit(start + "".join(corpus.rng.choices(string.digits, k=length - len(start) - 1)))
    else:
        kinds = ("visa16", "visa16", "mastercard", "amex", "discover", "diners", "visa13", "visa19")
        number = corpus.us.credit_card_number(corpus.rng.choice(kinds))
    return corpus.grouped(number), ("", "", "card", "card number", "pan")


def with_check_digit(start: str) -> str:
    """Return the number with its check digit, by trying all ten: the sum of ISO/IEC 7812 is a multiple of 10."""
    for check in string.digits:
        signs = [int(sign) for sign in (start + check)[::-1]]
        odd, even = signs[0::2], [2 * sign for sign in signs[1::2]]
        if (sum(odd) + sum(sign - 9 if sign > 9 else sign for sign in even)) % 10 == 0:
            return start + check
    raise AssertionError


def _iban(corpus: Corpus) -> tuple[str, tuple[str, ...]]:
    value = corpus.fakes[corpus.rng.choice(LOCALES[1:])].iban()
    if corpus.rng.random() < 0.4:
        value = " ".join(value[start : start + 4] for start in range(0, len(value), 4))
    return (value.lower() if corpus.rng.random() < 0.1 else value), ("", "", "iban", "creditor iban")


def _ssn(corpus: Corpus) -> tuple[str, tuple[str, ...]]:
    value = corpus.us.ssn() if corpus.rng.random() < 0.7 else corpus.us.itin()
    labels = ("ssn", "social security number", "tax id", "itin", "tin")
    if corpus.rng.random() < 0.4:
        return value, ("", *labels)
    return value.replace("-", corpus.rng.choice(("", " "))), labels


def _account(corpus: Corpus) -> tuple[str, tuple[str, ...]]:
    value = corpus.rng.choice(
        (
            "000" + corpus.digits(9),
            corpus.digits(corpus.rng.randint(6, 17)),
            corpus.digits(10),
            "U" + corpus.digits(7),
            f"{corpus.digits(4)}-{corpus.digits(6)}",
        )
    )
    return value, ("account", "account number", "acct", "acct no", "bank account", "account no", "bank account number")


def _routing(corpus: Corpus) -> tuple[str, tuple[str, ...]]:
    return corpus.us.aba(), ("routing", "routing number", "aba", "routing no", "ach routing", "aba routing number")


def _email(corpus: Corpus) -> tuple[str, tuple[str, ...]]:
    return corpus.fakes[corpus.rng.choice(LOCALES)].ascii_email(), ("", "email", "contact", "sent to")


def _phone(corpus: Corpus) -> tuple[str, tuple[str, ...]]:
    fake = corpus.fakes[corpus.rng.choice(("en_US", "en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT"))]
    if corpus.rng.random() < 0.3:
        return f"+{corpus.digits(corpus.rng.randint(11, 13))}", ("", "phone", "mobile")
    return fake.phone_number(), ("phone", "phone number", "mobile", "tel")


def _passport(corpus: Corpus) -> tuple[str, tuple[str, ...]]:
    return corpus.us.passport_number(), ("passport", "passport number", "passport no")


def _birth(corpus: Corpus) -> tuple[str, tuple[str, ...]]:
    born = corpus.us.date_of_birth(minimum_age=18)
    form = corpus.rng.choice(("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y"))
    return born.strftime(form), ("date of birth", "dob", "birth date")


def _token(corpus: Corpus) -> tuple[str, tuple[str, ...]]:
    ident = str(uuid.UUID(int=corpus.rng.getrandbits(128), version=4))
    value = corpus.rng.choice(
        (
            f"access-sandbox-{ident}",
            f"public-production-{ident}",
            f"link-development-{ident}",
            f"token_{corpus.letters(14, string.ascii_lowercase + string.digits)}",
            f"test_token_{corpus.letters(14, string.ascii_lowercase + string.digits)}",
            f"PK{corpus.letters(18, string.ascii_uppercase + string.digits)}",
            f"AK{corpus.letters(18, string.ascii_uppercase + string.digits)}",
            f"CG-{corpus.letters(24)}",
            f"sk_live_{corpus.letters(24)}",
            f"rk_test_{corpus.letters(24)}",
            f"whsec_{corpus.letters(32)}",
            f"eyJ{corpus.letters(20)}.{corpus.letters(60)}.{corpus.letters(43)}",
        )
    )
    return value, ("", "", "token", "api key")


def _key(corpus: Corpus) -> tuple[str, tuple[str, ...]]:
    labels = (
        "api key",
        "apikey",
        "access token",
        "client secret",
        "password",
        "consumer key",
        "user secret",
        "x-api-key",
    )
    return corpus.letters(corpus.rng.randint(12, 40)), labels


_KINDS: dict[str, Value] = {
    "card": _card, "iban": _iban, "ssn": _ssn, "account": _account, "routing": _routing, "email": _email,
    "phone": _phone, "passport": _passport, "birth": _birth, "token": _token, "key": _key,
}  # fmt: skip


def leaked(value: str, masked: str, *, around: str = "", whole: bool = False) -> bool:
    """Say whether so much of a value is still there that its last four signs do not explain it.

    Args:
        around: what stood beside the value; its digits may be the same by chance.
        whole: look for all of the value only, where what surrounds it is not known.
    """
    signs, rest, other = _signs(value), _signs(masked), _signs(around)
    width = len(signs) if whole or len(signs) < 8 else max(6, len(signs) - 4)
    windows = (signs[start : start + width] for start in range(len(signs) - width + 1))
    return any(window in rest and window not in other for window in windows)


def _signs(text: str) -> str:
    return "".join(sign for sign in text if sign.isalnum()).lower()
