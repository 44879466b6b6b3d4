"""The merchant in what a bank prints, without processors, store numbers, cities, card endings, dates and references.
Floor 5: pure text to text; equal merchants come out equal, which is what corrections and refunds go by."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from fin_infra.insights.categories.places import CITIES, COUNTRIES, STATES

MAX_LETTERS = 300
"""Longer descriptions are cut: no bank prints a merchant behind that."""

_PROCESSOR = re.compile(
    r"^(?:SQ|SQC|TST|SP|PP|PY|PAYPAL|PAYPAL INST XFER|CKE|IN|EB|FS|BT|DNH|GOOGLE|APL|WPY|ZEL|VENMO|KLARNA|AFTERPAY|"
    r"AFFIRM|CLOVER|TOAST|STRIPE|SUMUP|IZ|ZETTLE|LS|UEP|BB|BLS|CCI|ACT|NIC|2CO|2CHECKOUT|FSP|PAR|SNAP|PADDLE|GUMRD|"
    r"FSI|MOB|NYX|OLO|RCP|LEVELUP|GRUBHUB|DD|DOORDASH|UBER EATS) ?\*+ ?"
)
_LEAD = re.compile(
    r"^(?:(?:POS|VISA|DEBIT|CREDIT|CHECK ?CARD|CHECKCRD|CARD|PURCHASE|PUR|RECURRING|PREAUTHORI[SZ]ED|PIN|CONTACTLESS|"
    r"PRE-AUTH(?:ORIZED)?|SIGNATURE|ONLINE|INTERNATIONAL|AUTHORI[SZ]ED ON|PENDING|POSTED|BUY|DDA|EFT|ACH|"
    r"WEB|PPD|NON-PIN|MC|MASTERCARD|EXTERNAL|BILL ?PAY(?:MENT)?|TRANSACTION)[ :\-]+"
    r"(?:\d{2}[/.-]\d{2}(?:[/.-]\d{2,4})? +)?(?:\d{4} +(?=\D))?)+(?=\S)"
)
_ACH = re.compile(r" +(?:DES|ID|INDN|CO ID|SEC|TRN|ORIG CO NAME|PPD ID|WEB ID|CCD ID|TRACE|ENTRY DESCR) ?:.*$")
_URL = re.compile(r"\b(?:HTTPS?://)?(?:WWW\.)?([A-Z0-9-]{2,})\.(?:COM|NET|ORG|CO\.UK|CO|IO|DE|FR|CA)\b")
_DATE = re.compile(
    r"\b\d{1,4}[/.-]\d{1,2}(?:[/.-]\d{2,4})?\b|"
    r"\b\d{1,2}(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)\d{0,4}\b"
)
_TIME = re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?(?: ?[AP]M)?\b")
_PHONE = re.compile(
    r"\(?\b\d{3}\)?[ -.]?\d{3}[ -.]\d{4}\b|\b\d{3}-\d{7}\b|"
    r"\b1?8(?:00|33|44|55|66|77|88)-?[A-Z0-9]{3,4}-?[A-Z0-9]{3,4}\b"
)
_ENDING = re.compile(
    r"\b(?:CARD|ACCT|ACCOUNT|ENDING(?: IN)?|NO|CONF|REF|REFERENCE|AUTH|INV|INVOICE|ORDER)?"
    r" ?#? ?(?:[X*.]{2,}|\*)\d{2,}\b"
)
_REFERENCE = re.compile(
    r"\b(?:REF|REFERENCE|CONF(?:IRMATION)?|AUTH|TRACE|TRN|TXN|INV(?:OICE)?|ORDER|CARD|TERM(?:INAL)?)"
    r" ?(?:NO|ID|NUM|NUMBER)?[ :#.]*\d[\w-]*"
)
_STORE = re.compile(
    r"(?:#|\b(?:STORE|STR|ST|NO|UNIT|LOC|SHOP|T)[ -]?#?)(?: ?)0*\d{1,6}\b|#\w+|\b[A-Z]?-?\d{3,}[A-Z0-9-]*\b"
)
_AFTER_STAR = re.compile(r" ?\*+ ?(?:[A-Z0-9]*\d[A-Z0-9]*)\b")
_CITY = re.compile(rf"(?<=\S) +(?:{'|'.join(CITIES)})$")
_LOCATED = re.compile(r"(?<=\S\S) +[A-Z][A-Z.'-]+$")
_COMPANY = re.compile(r"(?<=\w)[ ,]+(?:INC|LLC|LTD|CORP|CO|GMBH|PLC|LP|SA|BV)\.?$")
_BLANKS = re.compile(r"\s+")
_SPACES = re.compile(r"[\s,;:_~^|*]+")
_EDGE = " -*#./&+'\""


@lru_cache(maxsize=65_536)
def clean(description: str) -> str:
    """Return the merchant of a bank's text in capitals; empty where nothing of a name is in it.

    >>> clean("SQ *BLUE BOTTLE COFFEE #0042 OAKLAND CA")
    'BLUE BOTTLE COFFEE'
    """
    text = _folded(description)
    text = _ACH.sub("", text)
    if (site := _URL.search(text)) is not None:  # behind an address stand other names of the same company
        text = text[: site.start()] + site[1]
    for _ in range(3):  # a bank's words before a processor's, or two of one of them
        shorter = _PROCESSOR.sub("", _LEAD.sub("", text))
        if shorter == text:
            break
        text = shorter
    text = _TIME.sub(" ", _DATE.sub(" ", _PHONE.sub(" ", text)))
    text = _REFERENCE.sub(" ", _ENDING.sub(" ", _AFTER_STAR.sub(" ", text)))
    text, numbered = _without_store(text)
    text = _without_place(_SPACES.sub(" ", text).strip(_EDGE), numbered)
    return _COMPANY.sub("", text).strip(_EDGE)


def _folded(description: str) -> str:
    text = description[:MAX_LETTERS]
    if not text.isascii():
        plain = unicodedata.normalize("NFKD", text)
        text = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _BLANKS.sub(" ", text.upper()).strip()


def _without_store(text: str) -> tuple[str, bool]:
    """Return the text up to a store's number where a name stands before it, and whether there was one."""
    found = _STORE.search(text)
    if found is None:
        return text, False
    before = text[: found.start()].strip(_EDGE)
    after = _STORE.sub(" ", text[found.end() :])
    if sum(letter.isalpha() for letter in before) >= 3:
        return f"{before} {after}" if _is_name_on(after) else before, True
    return f"{before} {after}", False


def _is_name_on(after: str) -> bool:
    """Return whether what follows a number is more than a city and a state."""
    words = after.split()
    return len(words) > 2 and words[-1] not in STATES


def _without_place(text: str, numbered: bool) -> str:
    """Take country, state and city from the end; a city that is not in the list only behind a known store number."""
    words = text.split(" ")
    if len(words) > 1 and words[-1] in COUNTRIES:
        words.pop()
    stated = len(words) > 1 and words[-1] in STATES
    if stated:
        words.pop()
    text = " ".join(words).strip(_EDGE)
    shorter = _CITY.sub("", text)
    if shorter != text or not stated or numbered or len(words) < 3:
        return shorter
    return _LOCATED.sub("", text)
