"""Structured logs through svc-infra, with request id and masking.
Floor 8: asset_aggregator. svc-infra redacts nothing and adds no request id; the filter and formatters here do.
"""

from __future__ import annotations

import logging
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

from asset_aggregator.infra.environment import ServiceSettings
from fin_infra.providers.registry import providers
from fin_infra.security import PiiFilter, mask
from fin_infra.security.pii import STANDARD, mask_record, unreadable

if TYPE_CHECKING:
    from svc_infra.logging import JsonFormatter, TextFormatter

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

_RESERVED = frozenset({"timestamp", "level", "logger", "exception", "message"})
"""Extras with these names would overwrite facts."""
_QUIET = ("httpx", "httpx2", "httpcore", "httpcore2")  # they print whole URLs at INFO


class Enrich(PiiFilter):
    """Put the request id on each record and mask its message, its extras and the context of svc-infra.

    The traceback stays an exception: svc-infra's formatters write nothing else, and those here mask what they write.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        from svc_infra.api.fastapi.middleware.request_id import request_id_ctx
        from svc_infra.logging import get_context

        try:
            if record.name == "uvicorn.access":
                _drop_query(record)
            vars(record).pop("color_message", None)  # uvicorn's text again, with terminal colors
            for name, value in get_context().items():
                vars(record).setdefault(_extra(name), value)
            mask_record(record)
            for name in _RESERVED & vars(record).keys() - STANDARD:
                vars(record)[f"extra_{name}"] = vars(record).pop(name)
        except Exception:  # a line that cannot be written never ends what it was about
            unreadable(record)
        if not getattr(record, "request_id", None):
            record.request_id = request_id_ctx.get() or None
        return True


def _extra(name: str) -> str:
    """Return under which name a value of the context is attached to a record."""
    return f"extra_{name}" if name in _RESERVED | STANDARD else name


def _drop_query(record: logging.LogRecord) -> None:
    """uvicorn.access logs (client, method, path with query, version, status); keep the path only."""
    args = record.args
    if isinstance(args, tuple) and len(args) == 5:
        record.args = (*args[:2], str(args[2]).partition("?")[0], *args[3:])


class _Masked(logging.Formatter):
    """Masks tracebacks, whose text a filter never sees, and hides the context, which the filter put on the record."""

    def format(self, record: logging.LogRecord) -> str:
        from svc_infra.logging import clear_context, get_context, set_context

        context = get_context()
        clear_context()
        try:
            return super().format(record)
        finally:
            set_context(**context)

    def formatException(self, ei: ExcInfo) -> str:
        return mask(super().formatException(ei))


def _formatter(json_format: bool) -> JsonFormatter | TextFormatter:
    """Return svc-infra's formatter with tracebacks masked."""
    from svc_infra.logging import JsonFormatter, TextFormatter, get_context

    class MaskedJson(_Masked, JsonFormatter):
        pass

    class MaskedText(_Masked, TextFormatter):
        def format(self, record: logging.LogRecord) -> str:
            rid = getattr(record, "request_id", None)
            context = "".join(f" {name}={getattr(record, _extra(name), None)}" for name in get_context())
            return super().format(record) + context + (f" request_id={rid}" if rid else "")

    return MaskedJson() if json_format else MaskedText()


def configure_logging(settings: ServiceSettings) -> None:
    """Send all logs of the process to stderr, masked. With `log_format="none"` leave logging alone."""
    if settings.log_format == "none":
        return
    from svc_infra.logging import configure_for_container

    list(providers())  # an adapter tells what keys of its vendor look like when it is loaded
    json_format = settings.log_format == "json"
    configure_for_container(level=settings.log_level.upper(), json_format=json_format)  # "info" would be a TypeError
    for handler in logging.getLogger().handlers:  # the same handler serves the uvicorn loggers
        handler.setFormatter(_formatter(json_format))
        handler.addFilter(Enrich())
    logging.captureWarnings(capture=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
