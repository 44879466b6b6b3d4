"""Build the replies that vendor modules share: JSON, CSV and HTML bytes that are the same on every run.
Floor 8: bodies are encoded here and only here, so that the same world gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from starlette.responses import Response

Json = Mapping[str, object] | list[object] | list[dict[str, object]] | str


def json_reply(
    body: object, status: int = 200, headers: Mapping[str, str] | None = None, indent: int | None = None
) -> Response:
    """Return a JSON reply; keys keep their order."""
    text = json.dumps(
        body, ensure_ascii=False, indent=indent, separators=None if indent else (",", ":"), allow_nan=False
    )
    return Response(text.encode(), status, headers, "application/json")


def html_reply(title: str, status: int) -> Response:
    """Return the kind of page a web server shows on its own."""
    page = f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<h1>{title}</h1>\r\n</body>\r\n</html>\r\n"
    return Response(page, status, media_type="text/html")


def csv_reply(header: str, rows: list[list[str]]) -> Response:
    """Return CSV with CRLF line ends."""
    lines = [header, *(",".join(row) for row in rows)]
    return Response("".join(f"{line}\r\n" for line in lines), 200, media_type="application/x-download")


def number(value: Decimal | None) -> int | float | None:
    """Return what JSON calls a number: an int when whole, else at most 15 significant digits.

    The only float in the sandbox: a double of up to 15 digits prints exactly the digits it was made from.
    """
    if value is None:
        return None
    if value == value.to_integral_value():
        return int(value)
    return float(f"{value:.15g}")
