"""Imitate Stripe Identity: sessions, reports and events, in forms and JSON; a repeated key gives the first answer.
Floor 8: what is not Identity answers as a path that does not exist.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, Router
from starlette.types import Receive, Scope, Send

from fin_infra.sandbox.kernel.reply import json_reply
from fin_infra.sandbox.vendors.stripe import MOUNT, RESTRICTED_KEY
from fin_infra.sandbox.vendors.stripe.access import Call, Kept, Refused, flag_of, form_of, key_of, missing, text_of
from fin_infra.sandbox.vendors.stripe.hosted import Hosted
from fin_infra.sandbox.vendors.stripe.replies import SENSITIVE, list_json, outputs_json, report_json, session_json
from fin_infra.sandbox.vendors.stripe.sessions import Session

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.stripe.vendor import Stripe

API = "/v1/identity"
_REPORT, _OUTPUTS = "last_verification_report", "verified_outputs"
Handler = Callable[[Call], Mapping[str, Any]]


def router(vendor: Stripe) -> Router:
    """Return the Stripe mount."""
    api, identity = Guard(vendor), Identity(vendor)
    table: list[tuple[str, str, Handler]] = [
        ("POST", f"{API}/verification_sessions", identity.create),
        ("GET", f"{API}/verification_sessions", identity.list_sessions),
        ("GET", f"{API}/verification_sessions/{{session}}", identity.retrieve),
        ("POST", f"{API}/verification_sessions/{{session}}", identity.update),
        ("POST", f"{API}/verification_sessions/{{session}}/cancel", identity.cancel),
        ("POST", f"{API}/verification_sessions/{{session}}/redact", identity.redact),
        ("GET", f"{API}/verification_reports", identity.list_reports),
        ("GET", f"{API}/verification_reports/{{report}}", identity.report),
        ("GET", "/v1/events", identity.list_events),
        ("GET", "/v1/events/{event}", identity.event),
    ]
    routes = [Route(path, api.guarded(handler), methods=[method]) for method, path, handler in table]
    page = Route("/verify/{token}", Hosted(vendor).endpoint, methods=["GET", "POST"])
    return Router([*routes, page, Mount("/", app=api.not_found)], redirect_slashes=False)


class Guard:
    """Lets requests in, and answers a repeated one as the first."""

    def __init__(self, vendor: Stripe) -> None:
        self._vendor = vendor

    def guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint that answers refusals in the vendor's shape."""

        async def endpoint(request: Request) -> Response:
            body = await request.body()
            try:
                key = key_of(request)
                if request.method != "POST":
                    return json_reply(handler(Call(request, form_of(request, body), key == RESTRICTED_KEY)))
                return self._once(request, form_of(request, body), key, handler)
            except Refused as no:
                return json_reply(no.body(), no.status)

        return endpoint

    def _once(self, request: Request, form: Mapping[str, Any], key: str, handler: Handler) -> Response:
        name = request.headers.get("idempotency-key", "")
        memory, now = self._vendor.memory, self._vendor.clock.now
        asked = (request.url.path, form, key)
        known = memory.find(name, asked, now) if name else None
        if known is not None:
            replayed = {"idempotency-key": name, "idempotent-replayed": "true"}
            return Response(known.body, known.status, replayed, "application/json")
        try:
            reply = json_reply(handler(Call(request, form, key == RESTRICTED_KEY)))
        except Refused as no:
            if not no.executed:
                raise
            reply = json_reply(no.body(), no.status)
        if name:
            reply.headers["idempotency-key"] = name
            memory.kept[name] = Kept(asked, reply.status_code, bytes(reply.body), now)
        return reply

    async def not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a path that does not exist."""
        no = Refused(404, f"Unrecognized request URL ({scope['method']}: {scope['path']}).")
        await json_reply(no.body(), no.status)(scope, receive, send)


class Identity:
    """What each path does."""

    def __init__(self, vendor: Stripe) -> None:
        self._vendor = vendor

    def create(self, call: Call) -> Mapping[str, Any]:
        call.only("type", "options", "provided_details", "metadata", "client_reference_id", "return_url")
        kind = call.text("type")
        if kind is None:
            raise Refused(400, "Missing required param: type.", code="parameter_missing", param="type")
        if kind not in ("document", "id_number"):
            raise Refused(400, "Invalid type: must be one of document or id_number", param="type")
        url = call.text("return_url")
        if url is not None and not url.startswith(("https://", "http://")):
            raise Refused(400, "Not a valid URL", code="url_invalid", param="return_url")
        session = self._vendor.sessions.add(
            type=kind,
            reference=call.text("client_reference_id"),
            return_url=url,
            options=_options(call, kind),
            **_known(call),
        )
        return self._shown(session, call)

    def update(self, call: Call) -> Mapping[str, Any]:
        call.only("type", "options", "provided_details", "metadata")
        session = self._session(call)
        if session.status != "requires_input":
            text = f"You cannot update a VerificationSession with status {session.status}."
            raise Refused(400, text, code="verification_session_unexpected_state", executed=True)
        session.type = call.text("type") or session.type
        if "options" in call.form:
            session.options = _options(call, session.type)
        known = _known(call)
        session.metadata = {**session.metadata, **known["metadata"]}
        session.details = {**session.details, **known["details"]}
        return self._shown(session, call)

    def retrieve(self, call: Call) -> Mapping[str, Any]:
        call.only()
        return self._shown(self._session(call), call)

    def cancel(self, call: Call) -> Mapping[str, Any]:
        call.only()
        session = self._session(call)
        self._vendor.sessions.cancel(session)
        return self._shown(session, call)

    def redact(self, call: Call) -> Mapping[str, Any]:
        call.only()
        session = self._session(call)
        self._vendor.sessions.redact(session)
        return self._shown(session, call)

    def list_sessions(self, call: Call) -> Mapping[str, Any]:
        paging = ("limit", "starting_after", "ending_before")
        call.only("status", "client_reference_id", "created", *paging)
        status, reference = call.text("status"), call.text("client_reference_id")
        rows = [
            session
            for session in reversed(self._vendor.sessions.all.values())
            if status in (None, session.status) and reference in (None, session.reference)
        ]
        rows = [row for row in rows if _within(row.created, call.form.get("created"))]
        page, more = _page(call, rows, lambda row: row.id)
        return list_json(
            f"{API}/verification_sessions", [self._shown(row, call, at="data.") for row in page], more=more
        )

    def report(self, call: Call) -> Mapping[str, Any]:
        call.only()
        ident = call.path("report")
        for session in self._vendor.sessions.all.values():
            if session.report_id == ident:
                return report_json(session, _sensitive(call, ""))
        raise missing("verificationreport", ident, "report")

    def list_reports(self, call: Call) -> Mapping[str, Any]:
        call.only("verification_session", "client_reference_id", "type", "limit", "starting_after", "ending_before")
        wanted, reference = call.text("verification_session"), call.text("client_reference_id")
        rows = [
            session
            for session in reversed(self._vendor.sessions.all.values())
            if session.report_id and wanted in (None, session.id) and reference in (None, session.reference)
        ]
        page, more = _page(call, rows, lambda row: str(row.report_id))
        shown = [report_json(row, _sensitive(call, "data.")) for row in page]
        return list_json(f"{API}/verification_reports", shown, more=more)

    def list_events(self, call: Call) -> Mapping[str, Any]:
        call.only("type", "limit", "starting_after", "ending_before")
        rows = list(reversed(self._vendor.deliveries.events.values()))
        kind = call.text("type")
        page, more = _page(call, [row for row in rows if kind in (None, row["type"])], lambda row: str(row["id"]))
        return list_json("/v1/events", page, more=more)

    def event(self, call: Call) -> Mapping[str, Any]:
        call.only()
        ident = call.path("event")
        if ident not in self._vendor.deliveries.events:
            raise missing("event", ident, "id")
        return self._vendor.deliveries.events[ident]

    def _session(self, call: Call) -> Session:
        return self._vendor.sessions.get(call.path("session"))

    def _shown(self, session: Session, call: Call, *, at: str = "") -> dict[str, Any]:
        links = None
        if session.status == "requires_input" and not at:
            secret, token = self._vendor.sessions.link(session)
            here = call.request.url
            links = secret, f"{here.scheme}://{here.netloc}/{MOUNT}/verify/{token}"
        found = session_json(session, links)
        expanded = [name.removeprefix(at) for name in call.expand() if name.startswith(at)]
        sensitive = _sensitive(call, at)
        tops = {name.partition(".")[0] for name in expanded}
        for name in sorted(tops):
            if name == _REPORT:
                found[name] = report_json(session, sensitive) if session.report_id else None
            elif name == _OUTPUTS:
                found[name] = outputs_json(session, sensitive)
            else:
                raise Refused(400, f"This property cannot be expanded ({name}).", code="property_unexpandable")
        return found


def _sensitive(call: Call, at: str) -> list[str]:
    """Return the sensitive fields that a request expands; Refused where its key may not read them."""
    found = [name.rpartition(".")[2] for name in call.expand() if name.startswith(at)]
    wanted = [name for name in found if name in SENSITIVE]
    if wanted and not call.sensitive:
        raise Refused(403, "This property can only be expanded with a restricted key.", code="property_unexpandable")
    return [*wanted, "id_number_type"] if "id_number" in wanted else wanted


def _options(call: Call, kind: str) -> dict[str, Any]:
    given = call.child("options")
    for name in given:
        if name != "document":
            raise Refused(400, f"Received unknown parameter: options[{name}]", code="parameter_unknown", param=name)
    document: Mapping[str, Any] = given.get("document", {})
    if document and kind != "document":
        raise Refused(400, "`options[document]` goes with the type document.", param="options[document]")
    found: dict[str, Any] = {}
    for name in document:
        place = f"options[document][{name}]"
        if name == "allowed_types":
            found[name] = list(document[name].values())
            if not set(found[name]) <= {"driving_license", "passport", "id_card"}:
                raise Refused(400, f"Invalid {place}", param=place)
        elif name in ("require_id_number", "require_live_capture", "require_matching_selfie"):
            found[name] = flag_of(document, name, place)
        else:
            raise Refused(400, f"Received unknown parameter: {place}", code="parameter_unknown", param=place)
    return {"document": found} if kind == "document" else {}


def _known(call: Call) -> dict[str, Any]:
    """Return metadata and the person's details of a form."""
    metadata = call.child("metadata")
    details = call.child("provided_details")
    for name in details:
        if name not in ("email", "phone"):
            raise Refused(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)
    return {
        "metadata": {name: text_of(metadata, name, f"metadata[{name}]") or "" for name in metadata},
        "details": {name: found for name in details if (found := text_of(details, name, f"provided_details[{name}]"))},
    }


def _within(created: int, wanted: Any) -> bool:
    if not isinstance(wanted, dict):
        return wanted is None or str(created) == wanted
    tests: dict[str, Callable[[int], bool]] = {
        "gt": lambda at: created > at,
        "gte": lambda at: created >= at,
        "lt": lambda at: created < at,
        "lte": lambda at: created <= at,
    }
    return all(tests[str(name)](int(value)) for name, value in wanted.items() if name in tests)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # a form


def _page(call: Call, rows: list[Any], ident: Callable[[Any], str]) -> tuple[list[Any], bool]:
    """Return a page of rows that are newest first, and whether more follow in the direction that is read."""
    limit = call.whole("limit", 10, 1, 100)
    after, before = call.text("starting_after"), call.text("ending_before")
    ids = [ident(row) for row in rows]
    for given, name in ((after, "starting_after"), (before, "ending_before")):
        if given is not None and given not in ids:
            raise missing("object", given, name)
    if before is not None:
        earlier = rows[: ids.index(before)]
        return earlier[-limit:], len(earlier) > limit
    rest = rows if after is None else rows[ids.index(after) + 1 :]
    return rest[:limit], len(rest) > limit
