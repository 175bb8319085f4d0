"""The engine as another program has it: the example of its page, and a cimport."""

import re
import subprocess
import sys
from pathlib import Path

from Cython.Compiler.Main import CompilationOptions, compile_single

ROOT = Path(__file__).parent.parent.parent


def test_the_example_of_the_page_runs_and_prints_what_it_says() -> None:
    page = (ROOT / "docs" / "router.md").read_text("utf-8")
    found = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert found is not None
    code = (
        found[1] + "\nimport sys\nprint(*sorted(m for m in sys.modules if m.startswith('ccore')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    match, modules = done.stdout.splitlines()
    assert "agent=1, rule='longest-idle', candidates=1, waited_us=20000000, step=1" in match
    assert not [
        name for name in modules.split() if not re.match(r"ccore(\._router|\.engine.*)?\Z", name)
    ]


def test_a_program_that_cimports_the_engine_compiles(tmp_path: Path) -> None:
    source = tmp_path / "cycles.pyx"
    source.write_bytes((ROOT / "bench" / "cycles.pyx").read_bytes())
    options = CompilationOptions(include_path=[str(ROOT)], language_level=3)
    result = compile_single(str(source), options, full_module_name="cycles")
    assert result.num_errors == 0
    assert (tmp_path / "cycles.c").exists()
