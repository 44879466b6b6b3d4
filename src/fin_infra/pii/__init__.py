"""Personal data and secrets in text: recognized by shape and check digit, or by the label beside them, and masked.
Floor 0: imports only the standard library; tables and patterns load at the first text."""

from fin_infra.pii.known import KNOWN, Known
from fin_infra.pii.masking import MASK, mask
from fin_infra.pii.shapes import learn_tokens
from fin_infra.pii.values import mask_value

__all__ = ["KNOWN", "MASK", "Known", "learn_tokens", "mask", "mask_value"]
