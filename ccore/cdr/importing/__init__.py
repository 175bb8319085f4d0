"""Records of other systems: files of calls by a mapping, event logs by their vocabulary."""

from ccore.cdr.importing.mapping import Mapping, load_mapping
from ccore.cdr.importing.run import FORMATS, import_files
from ccore.cdr.importing.tally import Tally, Trouble

__all__ = ["FORMATS", "Mapping", "Tally", "Trouble", "import_files", "load_mapping"]
