"""What lies in `examples/`: centres, scenarios, and mappings of foreign records."""

from pathlib import Path

__all__ = ["CENTRES", "FOLDER", "SCENARIOS"]

FOLDER = Path(__file__).parents[1] / "examples"
SCENARIOS = sorted(FOLDER.glob("simulate-*.toml"))
CENTRES = [
    path
    for path in sorted(FOLDER.glob("*.toml"))
    if "[contact]" not in path.read_text("utf-8")  # what every mapping has
    and path not in SCENARIOS
]
