"""What the official SDK does against the sandbox, unmodified: a program of its own environment, with nothing of ours.

`python official.py URL_OF_THE_SANDBOX`: it prints `ok` after its last step, or fails with its own traceback.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

import stripe

SECRET = "whsec_of_the_witness"
got: list[tuple[bytes, str]] = []


class Endpoint(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        got.append((body, self.headers["Stripe-Signature"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


def control(url: str, **body: object) -> None:
    data = json.dumps(body).encode()
    urllib.request.urlopen(urllib.request.Request(f"{url}/_sandbox/stripe", data)).read()


def refused(kind: type[Exception], call: object) -> Exception:
    try:
        call()  # type: ignore[operator]
    except kind as exc:
        return exc
    raise AssertionError(f"not refused with {kind.__name__}")


def main(url: str) -> None:
    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    control(url, webhook_url=f"http://127.0.0.1:{server.server_port}/hooks", webhook_secret=SECRET)
    client = stripe.StripeClient("rk_test_fin_infra_sandbox_key", base_addresses={"api": f"{url}/stripe"})
    sessions = client.v1.identity.verification_sessions

    made = sessions.create(
        {
            "type": "document",
            "client_reference_id": "r-1",
            "metadata": {"k": "v"},
            "options": {"document": {"require_id_number": True, "allowed_types": ["passport", "driving_license"]}},
        },
        {"idempotency_key": "witness-1"},
    )
    assert (made.status, made.metadata["k"], made.last_error) == ("requires_input", "v", None)
    again = sessions.create(
        {
            "type": "document",
            "client_reference_id": "r-1",
            "metadata": {"k": "v"},
            "options": {"document": {"require_id_number": True, "allowed_types": ["passport", "driving_license"]}},
        },
        {"idempotency_key": "witness-1"},
    )
    assert again.id == made.id
    assert again.last_response.headers["idempotent-replayed"] == "true"
    conflict = refused(
        stripe.IdempotencyError, lambda: sessions.create({"type": "id_number"}, {"idempotency_key": "witness-1"})
    )
    assert conflict.http_status == 400  # type: ignore[attr-defined]

    form = urllib.parse.urlencode({"outcome": "document_expired"}).encode()
    urllib.request.urlopen(str(made.url), form).read()
    assert sessions.retrieve(made.id).last_error.code == "document_expired"
    assert sessions.update(made.id, {"metadata": {"more": "x"}}).metadata["more"] == "x"
    control(url, session=made.id, outcome="verified")
    whole = sessions.retrieve(
        made.id, {"expand": ["last_verification_report", "verified_outputs", "verified_outputs.dob"]}
    )
    assert (whole.status, whole.verified_outputs.first_name, whole.verified_outputs.dob.year) == (
        "verified",
        "Ada",
        1988,
    )
    assert whole.last_verification_report.document.status == "verified"
    reports = client.v1.identity.verification_reports.list({"verification_session": made.id})
    assert [report.id for report in reports.auto_paging_iter()] == [whole.last_verification_report.id]

    other = sessions.create({"type": "document"})
    assert sessions.cancel(other.id).status == "canceled"
    refused(stripe.InvalidRequestError, lambda: sessions.cancel(other.id))
    assert sessions.redact(made.id).redaction.status == "processing"
    clock = json.dumps({"advance_s": 4 * 86_400}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{url}/_sandbox/clock", clock)).read()
    gone = sessions.retrieve(made.id, {"expand": ["verified_outputs"]})
    assert (gone.redaction.status, gone.verified_outputs.first_name) == ("redacted", "[redacted]")
    assert [each.id for each in sessions.list({"limit": 1}).auto_paging_iter()] == [other.id, made.id]

    wrong = stripe.StripeClient("sk_test_wrong", base_addresses={"api": f"{url}/stripe"})
    refused(stripe.AuthenticationError, lambda: wrong.v1.identity.verification_sessions.list())
    plain = stripe.StripeClient("sk_test_fin_infra_sandbox_key", base_addresses={"api": f"{url}/stripe"})
    refused(
        stripe.PermissionError,
        lambda: plain.v1.identity.verification_sessions.retrieve(made.id, {"expand": ["verified_outputs.dob"]}),
    )
    missing = refused(stripe.InvalidRequestError, lambda: sessions.retrieve("vs_none"))
    assert (missing.http_status, missing.code) == (404, "resource_missing")  # type: ignore[attr-defined]

    until = time.monotonic() + 30
    while len(got) < 6 and time.monotonic() < until:
        time.sleep(0.01)
    kinds = [client.construct_event(body, header, SECRET).type.rpartition(".")[2] for body, header in got]
    assert kinds == ["created", "requires_input", "verified", "created", "canceled", "redacted"], kinds
    body, header = got[0]
    for args in ((body + b" ", header, SECRET), (body, header, "whsec_other")):
        refused(stripe.SignatureVerificationError, lambda args=args: client.construct_event(*args))
    server.shutdown()


if __name__ == "__main__":
    main(sys.argv[1])
    sys.stdout.write("ok\n")
