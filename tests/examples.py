"""What lies in `examples/`: centres, and mappings of foreign records."""

from pathlib import Path

__all__ = ["CENTRES", "FOLDER"]

FOLDER = Path(__file__).parents[1] / "examples"
CENTRES = [
    path
    for path in sorted(FOLDER.glob("*.toml"))
    if "[contact]" not in path.read_text("utf-8")  # what every mapping has
]
