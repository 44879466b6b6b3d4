"""Personal data and secrets kept out of log files: a filter for handlers, and the functions that it uses.
Floor 2: put the filter on handlers, not on loggers; a logger's filter does not see what its children log."""

from __future__ import annotations

import logging
import traceback

from fin_infra.pii import KNOWN, MASK, Known, learn_tokens, mask, mask_value

__all__ = ["KNOWN", "MASK", "Known", "PiiFilter", "learn_tokens", "mask", "mask_record", "mask_value"]
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""Attributes that logging itself sets; all others are extras."""
UNREADABLE = "a log record that cannot be written as text"


class PiiFilter(logging.Filter):
    """Mask everything a record shows: message, arguments, extras, traceback and stack.

    The traceback becomes text (`exc_text`), because a formatter of its own would print the exception unmasked. The
    filter lets every record pass and never raises.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            mask_record(record)
            if record.exc_info and not record.exc_text:
                record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip()
            if record.exc_text:
                record.exc_text = mask(record.exc_text)
            record.exc_info = None
        except Exception:  # logging calls this in the middle of anything
            unreadable(record)
        return True


def mask_record(record: logging.LogRecord) -> None:
    """Mask a record's message, arguments, stack and extras in place; its traceback stays for the formatter."""
    record.msg, record.args = mask(_message(record)), ()
    if record.stack_info:
        record.stack_info = mask(record.stack_info)
    for name in vars(record).keys() - STANDARD:
        setattr(record, name, mask_value(name, getattr(record, name)))


def unreadable(record: logging.LogRecord) -> None:
    """Leave nothing in a record but that something was to be logged: some part of it has no text."""
    record.msg, record.args, record.exc_info, record.exc_text, record.stack_info = UNREADABLE, (), None, None, None
    for name in vars(record).keys() - STANDARD:
        setattr(record, name, MASK)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # arguments that do not fit the format; logging would print them, so drop them
        return str(record.msg)
