"""Routes that answer with a file: transactions for other programs, and a statement file as it was imported.
Floor 7: a file is whole before its first byte is sent, so that an error is an answer; its name says nothing of anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any, BinaryIO, cast

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response, StreamingResponse

from fin_infra.api.answers import Auth
from fin_infra.api.connections import PROBLEMS, BookOf
from fin_infra.api.moments import Day
from fin_infra.api.switches import guarded
from fin_infra.api.users import User, Who, user_of
from fin_infra.api.words import Id
from fin_infra.book.exports.writing import ExportFormat

_IN_MEMORY = 1024 * 1024
"""Larger files wait for their reader in a file without a name, which nobody can open and which goes with the answer."""
_PART = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a file is announced."""

    content_type: str
    ending: str


_KINDS: dict[ExportFormat, _Kind] = {
    "csv": _Kind("text/csv; charset=utf-8", "csv"),
    "ofx": _Kind("application/x-ofx", "ofx"),
    "parquet": _Kind("application/vnd.apache.parquet", "parquet"),
    "beancount": _Kind("text/plain; charset=utf-8", "beancount"),
}
_BYTES = _Kind("application/octet-stream", "bin")
_FILE = {"schema": {"type": "string", "format": "binary"}}


def files_router(auth: Auth, book_of: BookOf, caller: Who) -> APIRouter:
    """Return the router of the files. It comes before that of `/transactions/{transaction_id}`."""
    router = APIRouter(tags=["book"], dependencies=guarded(auth, caller), responses=PROBLEMS)
    _add_export(router, book_of, caller)
    _add_original(router, book_of, caller)
    return router


def _add_export(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    contents = {kind.content_type.partition(";")[0]: _FILE for kind in _KINDS.values()}

    @router.get("/transactions/export", response_class=Response, responses={200: {"content": contents}})
    async def export_transactions(
        format: Annotated[ExportFormat, Query(description="What the file is")] = "csv",
        account: Annotated[int | None, Query(ge=1, le=2**53, description="`id` of an account; all by default")] = None,
        start: Annotated[Day, Query(description="First day")] = None,
        end: Annotated[Day, Query(description="Day after the last one")] = None,
        hidden: Annotated[bool, Query(description="With what a person hid or deleted")] = False,
        who: User | str = Depends(caller),  # noqa: B008  # FastAPI's way
    ) -> Response:
        """Return transactions as one file for other programs, the oldest first of each account."""
        wanted: dict[str, Any] = {"account_id": account, "start": start, "end": end, "hidden": hidden}
        file = cast("BinaryIO", SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115  # `_parts` closes it
        try:
            await book_of(user_of(who)).write_transactions(file, format=format, **wanted)
        except BaseException:
            file.close()
            raise
        return _sent(file, "transactions", _KINDS[format])


def _add_original(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    @router.get(
        "/imports/{import_id}/file",
        response_class=Response,
        responses={200: {"content": {_BYTES.content_type: _FILE}}},
    )
    async def imported_file(import_id: Id, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return the file of an import as it was sent, byte for byte."""
        content = await book_of(user_of(who)).imported_file(import_id)
        return Response(content, 200, _headers(f"import-{import_id}", _BYTES), _BYTES.content_type)


def _sent(file: BinaryIO, name: str, kind: _Kind) -> Response:
    headers = _headers(name, kind) | {"Content-Length": str(file.tell())}
    return StreamingResponse(_parts(file), 200, headers, kind.content_type)


def _headers(name: str, kind: _Kind) -> dict[str, str]:
    return {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="{name}.{kind.ending}"',
        "X-Content-Type-Options": "nosniff",
    }


def _parts(file: BinaryIO) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while part := file.read(_PART):
            yield part
