"""Records in the formats of others."""

from ccore.cdr.exporting.arrow import write_arrow, write_parquet
from ccore.cdr.exporting.queue_log import queue_log

__all__ = ["queue_log", "write_arrow", "write_parquet"]
