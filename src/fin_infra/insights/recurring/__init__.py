"""What comes again and again: found in transactions, and compared with what a vendor found.
Floor 5: pure functions of records; today is a parameter."""

from fin_infra.insights.recurring.compare import Agreement, Compared, compare_streams, stream_of
from fin_infra.insights.recurring.detect import find_streams

__all__ = ["Agreement", "Compared", "compare_streams", "find_streams", "stream_of"]
