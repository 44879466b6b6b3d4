"""The commands `fin-infra identity ...`: their options, and where each is carried out.
Floor 8: `verifying.py` does it, and is imported then."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from fin_infra.cli.books import JsonOption, TenantOption, UserOption
from fin_infra.cli.output import Exit, reported

IdArgument = Annotated[str, typer.Argument(help="Id of a verification, as `fin-infra identity ls` lists it.")]

identity_app = typer.Typer(
    help="Checks of who a person is. Off unless FEATURE_IDENTITY=1; removing works all the same.",
    no_args_is_help=True,
)


@identity_app.command("start")
def identity_start(
    kind: Annotated[
        Literal["document", "id_number"], typer.Option(help="What to check: a document, or a number of the state.")
    ] = "document",
    selfie: Annotated[bool, typer.Option("--selfie", help="Compare the person with the document's photo.")] = False,
    id_number: Annotated[bool, typer.Option("--id-number", help="Check a number beside the document.")] = False,
    live_capture: Annotated[bool, typer.Option("--live-capture", help="Take pictures only, no uploads.")] = False,
    return_url: Annotated[str | None, typer.Option(help="Where the vendor's page sends the person at the end.")] = None,
    idempotency_key: Annotated[
        str | None, typer.Option("--key", help="Idempotency key; the same key is the same verification.")
    ] = None,
    provider: Annotated[str, typer.Option(help="A provider other than the configured one.")] = "identity",
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Start a verification, remember it, and print the link for the person."""
    from fin_infra.cli.verifying import Whose, start
    from fin_infra.model import NewVerification, VerificationKind

    new = NewVerification(
        kind=VerificationKind(kind),
        selfie=selfie,
        id_number=id_number,
        live_capture=live_capture,
        return_url=return_url,
    )
    with reported(as_json):
        start(new, Whose(user, tenant, as_json), provider=provider, idempotency_key=idempotency_key)


@identity_app.command("ls")
def identity_ls(user: UserOption = "", tenant: TenantOption = "default", as_json: JsonOption = False) -> None:
    """List every verification as it was last told; no vendor is asked."""
    from fin_infra.cli.verifying import Whose, ls

    with reported(as_json):
        ls(Whose(user, tenant, as_json))


@identity_app.command("status")
def identity_status(
    verification: IdArgument, user: UserOption = "", tenant: TenantOption = "default", as_json: JsonOption = False
) -> None:
    """Ask the vendor how a verification stands."""
    from fin_infra.cli.verifying import Whose, status

    with reported(as_json):
        status(verification, Whose(user, tenant, as_json))


@identity_app.command("link")
def identity_link(
    verification: IdArgument, user: UserOption = "", tenant: TenantOption = "default", as_json: JsonOption = False
) -> None:
    """Print where the person goes on with a verification that was begun."""
    from fin_infra.cli.verifying import Whose, link

    with reported(as_json):
        link(verification, Whose(user, tenant, as_json))


@identity_app.command("report")
def identity_report(
    verification: IdArgument,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show names, dates of birth and numbers.")] = False,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Print what a verification has found out; who the person is stays masked."""
    from fin_infra.cli.verifying import Whose, report

    with reported(as_json):
        report(verification, Whose(user, tenant, as_json), reveal=reveal)


@identity_app.command("cancel")
def identity_cancel(
    verification: IdArgument, user: UserOption = "", tenant: TenantOption = "default", as_json: JsonOption = False
) -> None:
    """End a verification that waits for the person; for good."""
    from fin_infra.cli.verifying import Whose, cancel

    with reported(as_json):
        cancel(verification, Whose(user, tenant, as_json))


@identity_app.command("redact")
def identity_redact(
    verification: IdArgument,
    user: UserOption = "",
    tenant: TenantOption = "default",
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove who the person is, here at once and then at the vendor; exit 1 where the vendor has not taken it."""
    from fin_infra.cli.verifying import Whose, redact

    with reported(as_json):
        good = redact(verification, Whose(user, tenant, as_json), yes=yes)
    if not good:
        raise typer.Exit(Exit.FAILED)


@identity_app.command("retain")
def identity_retain(
    days: Annotated[
        int | None, typer.Option(min=0, help="Days to keep; FIN_INFRA_IDENTITY_KEEP_DAYS by default.")
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Every household of the database.")] = False,
    user: UserOption = "",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Apply the policy: remove who the person is from old verifications; exit 1 where a vendor has not taken it."""
    from fin_infra.cli.verifying import Whose, retain

    with reported(as_json):
        good = retain(days, Whose(user, tenant, as_json), everybody=everybody)
    if not good:
        raise typer.Exit(Exit.FAILED)
