"""docs/configuration.md says what the code says, and says something about every key."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_pages_made_from_the_code_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "docs", "--check"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.stderr.decode() == ""
    assert done.returncode == 0


def test_every_key_that_is_no_table_has_words() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) > 100
    silent = [row[0] for row in rows if not row[-1].strip(" |") and "table" not in row[1]]
    assert silent == []
