"""Try a running service: ping its list of Finastra collaterals, and check that `/metrics` shows what it counts.
Floor 8: an operator's script; it needs the standard library only and imports nothing of the project.

    FIN_INFRA_API_TOKEN=... python scripts/smoke_finastra_collateral.py --url http://127.0.0.1:8050

One line for each check, `ok` or `FAIL` with what to do. Exit code 0 when all are ok, 1 when not, 2 when the command
line is wrong. The token is that of the environment, or the one that a running `make demo` keeps for its port; it is
never printed.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TOKEN = "FIN_INFRA_API_TOKEN"
LIST = "/finastra/b2b/collaterals?top=10&startingIndex=0"
CALLS, LATENCY, BREAKER = "finastra_api_calls_total", "finastra_api_latency_seconds", "finastra_breaker_state"
KINDS = {CALLS: "counter", LATENCY: "histogram", BREAKER: "gauge"}
STATES = {"0": "closed", "1": "half open", "2": "open"}
MAX_BYTES = 16 * 1024 * 1024
LOOPBACK = ("127.0.0.1", "::1", "localhost")
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)", re.M)
CLIENT = re.compile(r'client="([\w.-]+)"')
ENDPOINT = re.compile(r'endpoint="[^"]*:/collaterals"')
MORE = "see docs/finastra.md#troubleshooting"

HINTS = {
    401: f"set {TOKEN} to a token of the service with the scope finastra:read",
    403: f"the token in {TOKEN} lacks the scope finastra:read",
    404: "there is no such route; check that --url is the asset aggregator, and its version",
    429: "too many calls; wait for a minute",
    500: "the service failed; its log says why, find it by the X-Request-Id of the answer",
    502: f"Finastra refuses the service or is not understood; {MORE}",
    503: f"Finastra is down, or the service has stopped asking it for a while; {MORE}",
    504: f"Finastra did not answer in time; {MORE}",
}
CODES = {
    "fin.feature_disabled": "set FEATURE_FINASTRA_COLLATERALS=1 for the service, or leave the list out with --skip-api",
    "fin.configuration": "a FINASTRA_ variable of the service is missing or wrong; its log says which",
}


class Failed(Exception):
    """A check failed; the text says why and what to do."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow none: urllib would send the token along, to whatever host the answer names."""


def fetch(url: str, timeout_s: float, token: str | None = None) -> str:
    """Return the text of a 200."""
    request = urllib.request.Request(url, headers={"User-Agent": "smoke-finastra-collateral"})
    if token:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
    if urlsplit(url).hostname in LOOPBACK:
        handlers.append(urllib.request.ProxyHandler({}))
    until = time.monotonic() + timeout_s
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=timeout_s) as reply:
            return _text(reply, until)
    except urllib.error.HTTPError as refusal:
        with refusal:
            raise Failed(_refusal(refusal, until)) from None
    except TimeoutError:
        raise Failed(f"no answer in {timeout_s:g} s; look at the service, or allow more with --timeout-s") from None
    except urllib.error.URLError as exc:
        if isinstance(exc.reason, TimeoutError):
            raise Failed(f"no answer in {timeout_s:g} s; look at the service, or allow more with --timeout-s") from None
        raise Failed("nothing answers there; start the service, and check --url") from None
    except (OSError, http.client.HTTPException, ValueError):
        raise Failed("what answers there does not speak HTTP as the service does; check --url") from None


def _text(reply: Any, until: float) -> str:
    """Read the body; a server that goes on for ever is cut off at `until`."""
    body = bytearray()
    while chunk := reply.read1(65536):
        body += chunk
        if time.monotonic() > until:
            raise TimeoutError
        if len(body) > MAX_BYTES:
            raise ValueError("too long")
    return body.decode()


def _refusal(refusal: urllib.error.HTTPError, until: float) -> str:
    status = refusal.code
    if 300 <= status < 400:
        return f"HTTP {status}; redirects are not followed, give the final address with --url"
    try:
        code = json.loads(_text(refusal, until))["code"]
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError, RecursionError):
        code = None
    named = code if isinstance(code, str) and re.fullmatch(r"[a-z_.]{1,64}", code) else None
    hint = CODES.get(named or "", HINTS.get(status, MORE))
    return f"HTTP {status}{f' {named}' if named else ''}; {hint}"


def address(url: str) -> str:
    """Return the base address of the service."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        extra = "@" in parts.netloc or parts.query or parts.fragment
    except ValueError:
        good, extra = False, ""
    if not good or extra or not url.isascii() or not url.isprintable() or " " in url:
        raise Failed("--url is not an address; it looks like http://127.0.0.1:8050")
    return url.rstrip("/")


def token(base: str) -> str:
    """Return the token of the environment."""
    found = os.environ.get(TOKEN, "").strip() or demo_token(base)
    if not found:
        raise Failed(HINTS[401])
    if not found.isascii() or not found.isprintable() or " " in found:
        raise Failed(f"{TOKEN} holds what cannot be a token; set it again")
    if urlsplit(base).scheme == "http" and urlsplit(base).hostname not in LOOPBACK:
        raise Failed(
            "a token does not travel unencrypted; give --url an https address, or leave out the list: --skip-api"
        )
    return found


def demo_token(base: str) -> str:
    """Return the token that a demo on this machine has left for its port, or nothing."""
    parts = urlsplit(base)
    if parts.hostname not in LOOPBACK or TOKEN in os.environ:
        return ""
    state = os.environ.get("XDG_STATE_HOME", "").strip()
    try:
        folder = Path(state) if state else Path.home() / ".local" / "state"
        return (folder / "fin-infra" / f"demo-{parts.port or 80}.token").read_text("ascii").strip()
    except (OSError, ValueError, RuntimeError):
        return ""


def ping(base: str, timeout_s: float) -> str:
    """Ask for the first page of collaterals."""
    text = fetch(base + LIST, timeout_s, token(base))
    try:
        body: Any = json.loads(text)
        items, total = body["data"]["items"], body["data"]["total"]
        if not isinstance(items, list) or body["errors"] or not (total is None or type(total) is int):
            raise ValueError
    except (ValueError, LookupError, TypeError, RecursionError):
        raise Failed("the answer is not a list of collaterals; check that --url is the asset aggregator") from None
    if total is None:
        return f"{len(items)} collaterals, of how many is not said"
    return f"{len(items)} of {total} collaterals"


def family(name: str, page: str, *, called: bool) -> str:
    """Check that the page of metrics declares a family and, once the list was `called`, has its samples."""
    if not re.search(rf"^# TYPE {name} {KINDS[name]}\r?$", page, re.M):
        raise Failed(
            f"/metrics does not show it; is the service older than its Finastra routes? With several workers "
            f"(PROMETHEUS_MULTIPROC_DIR) it shows after the first call; {MORE}"
        )
    found = list(_samples(name, page))
    if not called:
        return f"declared, {len(found)} series"
    if name == BREAKER:
        if not found:
            raise Failed(f"/metrics has no sample of it although the list was asked; {MORE}")
        states = [(CLIENT.search(labels), STATES.get(f"{value:g}", "unknown")) for labels, value in found]
        return ", ".join(sorted(f"{client[1] if client else 'a client'} {state}" for client, state in states))
    counted = sum(value for labels, value in found if ENDPOINT.search(labels))
    if not counted:
        raise Failed(f"/metrics has no sample of the list although it was asked; {MORE}")
    return f"{counted:.0f} calls of the list"


def _samples(name: str, page: str) -> Iterator[tuple[str, float]]:
    wanted = f"{name}_count" if name == LATENCY else name
    for found, labels, value in SAMPLE.findall(page):
        if found == wanted:
            try:
                yield labels, float(value)
            except ValueError:
                raise Failed(f"/metrics has a sample of it that is no number; {MORE}") from None


def seconds(text: str) -> float:
    """Read --timeout-s."""
    if not re.fullmatch(r"\d{1,4}(\.\d{1,3})?", text, re.ASCII) or float(text) == 0:
        raise argparse.ArgumentTypeError("is a number of seconds above zero, such as 10")
    return float(text)


def run(url: str, *, skip_api: bool, timeout_s: float) -> Iterator[tuple[str, bool, str]]:
    """Yield name, outcome and words of each check."""
    try:
        base = address(url)
    except Failed as why:
        yield "url", False, str(why)
        return
    listed = False
    if not skip_api:
        try:
            yield "list", True, ping(base, timeout_s)
            listed = True
        except Failed as why:
            yield "list", False, str(why)
    try:
        page = fetch(f"{base}/metrics", timeout_s)
    except Failed as why:
        yield "/metrics", False, str(why)
        return
    for name in KINDS:
        try:
            yield name, True, family(name, page, called=listed)
        except Failed as why:
            yield name, False, str(why)


def main() -> int:
    """Run the checks and print a line for each."""
    parser = argparse.ArgumentParser(description=f"Smoke test of a running service. {TOKEN} holds its token.")
    parser.add_argument("--url", default="http://127.0.0.1:8050", help="where the service is")
    parser.add_argument("--skip-api", action="store_true", help="leave the list out: check /metrics only")
    parser.add_argument("--timeout-s", type=seconds, default=10.0, help="how long one answer may take")
    given = parser.parse_args()
    failed = False
    for name, good, words in run(given.url, skip_api=given.skip_api, timeout_s=given.timeout_s):
        print(f"{'ok  ' if good else 'FAIL'} {name}: {words}", flush=True)
        failed |= not good
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
