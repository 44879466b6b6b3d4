"""Numbers that only a label makes personal: the word beside them says what they are.
Floor 0: a label is a word of prose, a JSON or XML name, or a parameter of a URL; all in lower case."""

from __future__ import annotations

from dataclasses import dataclass

_GAP = (
    r"(?:[\s\0\"'\\:=>#\[\](){},.*_/&;|+-]|</?[a-z][^<>]{0,30}>"
    r"|(?:numbers?|num|no|nr|ids?|code|is|was|of|for|the|value|holder|bank|ach|wire|us)(?![a-z])){0,14}?"
)
"""What may stand between a label and its number."""
_END = (
    r"(?![0-9a-z]|[.,]\d|:\d|-[0-9a-f]{4}-[0-9a-f]{4}-)(?!\s*(?:usd|eur|gbp|chf|jpy|cad|rows?|records?|transactions?|accounts?|items?|ms|bytes"
    r"|seconds?|times|calls?|%(?!\d))\b)"
)
"""What is counted or priced is not an identifier, nor is a part of a UUID."""
_SEP = r"\0*[ .+\-\u00a0]?"
_DASH = r"\0*[ +\-\u00a0]?"


ALONE = "\x1f"
"""Ends a short word of `words` that counts only where no letter or digit follows: `tel` is not in every `teller`."""


def _word(*words: str) -> str:
    """Return a pattern of words that are not a part of longer ones."""
    # begins with the word, not with what must not stand before it: `re` looks for that first
    return "|".join(rf"{word}(?<![a-z0-9]{word})(?![a-z0-9])" for word in words)


def _short(*words: str) -> tuple[str, ...]:
    return tuple(word + ALONE for word in words)


@dataclass(frozen=True, slots=True)
class Labeled:
    """A kind of number with its labels."""

    words: tuple[str, ...]
    """One of these is in the text, or the pattern is not tried."""
    label: str
    value: str
    ending: bool = False
    """True where the last digits are left, so that people can tell two apart."""

    @property
    def pattern(self) -> str:
        return rf"(?:{self.label}){_GAP}(?<!\d)(?P<number>{self.value}){_END}"


LABELED: tuple[Labeled, ...] = (
    Labeled(
        ("card", "ccn", *_short("pan", "cc")),
        rf"card|{_word('pan', 'cc', 'ccn')}",
        rf"\d(?:{_SEP}\d){{11,18}}",
        ending=True,
    ),
    Labeled(("cvv", "cvc"), rf"{_word('cvv', 'cvv2', 'cvc', 'cvc2')}", r"\d{3,4}"),
    Labeled(
        ("ssn", "social", "itin", "tax", *_short("tin", "ein", "fein")),
        rf"ssn|social[ _-]?sec(?:urity)?|itin|{_word('tin', 'ein', 'fein')}|tax(?:payer)?[ _-]?id(?:entification)?",
        rf"(?:\d{{3}}{_SEP}\d{{2}}{_SEP}\d{{4}}|\d{{2}}-\d{{7}})",
    ),
    Labeled(
        ("passport", "licen", "national", "identity"),
        r"passport|licen[sc]e|national[ _-]?id|identity[ _-]?(?:card|document)",
        r"[a-z]{0,3}[ +-]?\d[0-9a-z-]{4,16}",
    ),
    Labeled(
        ("routing", "transit", "sort", "bankid", "bank_id", "bank id", *_short("rtn", "aba", "bsb", "blz")),
        rf"routing|transit|sort[ _-]?code|bank[_ ]?id|{_word('rtn', 'aba', 'bsb', 'blz')}",
        rf"\d(?:{_DASH}\d){{5,8}}",
        ending=True,
    ),
    Labeled(
        ("acc", "a/c", "clabe", "konto", *_short("dda")),
        rf"account(?:s(?=/))?(?!s)|acct(?!s)|acc(?<![a-z0-9-]acc)(?![a-z])|{_word('a/c', 'dda', 'clabe', 'konto')}",
        rf"[a-z]{{0,4}}\d(?:{_DASH}\d){{4,19}}",
        ending=True,
    ),
    Labeled(("iban",), "iban", r"[a-z]{2}\d{2}(?:\0*[ +-]?[a-z0-9]){8,30}", ending=True),
    Labeled(
        ("phone", "mobile", *_short("tel", "cell", "fax", "sms")),
        rf"phone|{_word('tel', 'mobile', 'cell', 'fax', 'sms')}",
        r"[+(]{0,2}\d(?:\0*[ ().\-/+\u00a0]?\0*[ ().\-/+\u00a0]?\d){6,14}(?:\0* ?(?:x|ext\.?) ?\d{1,6})?",
    ),
    Labeled(
        ("birth", "born", *_short("dob")),
        rf"birth[ _-]?(?:date|day)?|{_word('dob')}|born(?: on)?",
        r"(?:\d{4}[-/.]?\d{2}[-/.]?\d{2}|\d{1,2}\0*[-/.]\d{1,2}\0*[-/.]\d{2,4})",
    ),
)
