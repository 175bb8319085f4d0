"""What the tests of import and export share."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from ccore.cdr import Records, load
from ccore.cli import main
from ccore.kpi import table


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def refused(*args: str | Path) -> tuple[int, str]:
    """The exit code and the one line of a command that fails."""
    result = run(*args)
    assert result.exit_code != 0, result.output
    assert result.stderr.count("\n") == 1, result.stderr
    return result.exit_code, result.stderr


def imported(directory: Path, *args: str | Path) -> dict[str, Any]:
    result = run("cdr", "import", "--to", directory, "--json", *args)
    assert result.exit_code == 0, result.output
    tally: dict[str, Any] = json.loads(result.stdout)
    return tally


def totals(source: Path | Records, *names: str) -> dict[str, Any]:
    records = source if isinstance(source, Records) else load(source)
    line = table(records, threshold_s=20, short_s=5).total
    return {name: line.value(name) for name in names}
