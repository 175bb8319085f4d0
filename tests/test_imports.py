"""Who may know whom: the imports of every file held against the table of docs/architecture.md.

Reading is by syntax, not by running: an import inside a function or for types alone counts too.
"""

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "ccore"

EVERYTHING = frozenset(
    [
        "_router",
        "engine",
        "routing",
        "model",
        "errors",
        "config",
        "prompts",
        "esl",
        "floor",
        "cdr",
        "kpi",
        "sizing",
        "sim",
        "store",
        "daemon",
    ]
)
# room: rooms of ccore that it may import besides itself
MAY_IMPORT: dict[str, frozenset[str]] = {
    "model": frozenset(),
    "errors": frozenset(),
    "config": frozenset({"model", "errors"}),
    "esl": frozenset({"model", "errors"}),
    "talk": frozenset({"errors", "esl"}),
    "engine": frozenset(),
    "_router": frozenset({"engine"}),
    "routing": frozenset({"_router", "engine", "model", "errors", "config"}),
    "prompts": frozenset({"config", "errors"}),
    "floor": frozenset({"routing", "model", "errors", "config", "prompts"}),
    "cdr": frozenset({"model", "errors", "config"}),
    "kpi": frozenset({"cdr", "model", "errors", "config"}),
    "sizing": frozenset({"cdr", "kpi", "routing", "floor", "model", "errors", "config"}),
    "sim": frozenset({"model"}),
    "store": frozenset({"model", "errors", "cdr"}),
    "daemon": EVERYTHING,
    "cli": EVERYTHING | {"api"},
    "api": EVERYTHING,
}
# Of a room that has more, these files only.
ONLY_FILES = {
    ("floor", "prompts"): {"ccore.prompts.phrases", "ccore.prompts.texts"},
    ("cdr", "config"): {"ccore.config.faults", "ccore.config.lines"},
}

# Rooms that are fed and asked, and the files in them that are their edge to the world.
PURE = {
    "model": set(),
    "errors": set(),
    "esl": set(),
    "engine": set(),
    "_router": set(),
    "routing": set(),
    "floor": set(),
    "config": set(),
    "prompts": {"ccore/prompts/speak.py"},
    "sim": {"ccore/sim/server.py"},
}
WORLD = frozenset(
    [
        "asyncio",
        "concurrent",
        "fcntl",
        "gevent",
        "greenswitch",
        "http",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "requests",
        "select",
        "selectors",
        "shutil",
        "signal",
        "socket",
        "sqlite3",
        "sqlite_utils",
        "ssl",
        "subprocess",
        "tempfile",
        "threading",
        "time",
        "urllib.request",
    ]
)
# A path is a name before it is a file; these rooms are given paths to put together or to read from.
MAY_NAME_PATHS = {"config"}

CLOCK_OR_ENVIRONMENT = re.compile(
    r"\b(time\.(time|monotonic|perf_counter|sleep)\w*\(|datetime\.(now|utcnow|today)\("
    r"|date\.today\(|os\.(environ|getenv))"
)
MAY_READ_THEM = ("daemon", "cli", "api")


@dataclass(frozen=True)
class Import:
    file: str
    room: str
    module: str  # as written, with what is taken from it: ccore.model.News

    @property
    def other(self) -> str:
        """The room of ccore that it names, or ""."""
        parts = self.module.split(".")
        return parts[1] if parts[0] == "ccore" and len(parts) > 1 else ""


def sources() -> Iterator[Path]:
    for pattern in ("*.py", "*.pyx", "*.pxd", "*.pyi"):
        yield from sorted(PACKAGE.rglob(pattern))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].split(".")[0]


@functools.cache
def imports() -> tuple[Import, ...]:
    return tuple(read_imports())


def read_imports() -> Iterator[Import]:
    for path in sources():
        file, room = str(path.relative_to(ROOT)), room_of(path)
        if room in ("__init__", "__main__"):
            continue
        find = by_syntax if path.suffix in (".py", ".pyi") else by_line
        for module in find(path.read_text(encoding="utf-8")):
            yield Import(file, room, module)


def by_syntax(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written in full"
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def by_line(text: str) -> Iterator[str]:
    """Cython: the first words of a line are enough."""
    for line in text.splitlines():
        if found := re.match(r"\s*from\s+([\w.]+)\s+c?import\s+(.*)", line):
            for name in found[2].strip("() ").split(","):
                yield f"{found[1]}.{name.split()[0] if name.split() else ''}"
        elif found := re.match(r"\s*c?import\s+(.*)", line):
            yield from (name.split()[0] for name in found[1].split(","))


def test_every_room_is_in_the_table() -> None:
    rooms = {room_of(path) for path in sources()} - {"__init__", "__main__"}
    assert rooms <= set(MAY_IMPORT)


def test_rooms_know_only_those_they_may() -> None:
    wrong = [
        f"{one.file} imports {one.module}"
        for one in imports()
        if one.other not in ("", one.room, "__version__")
        and (
            one.other not in MAY_IMPORT[one.room]
            or not allowed_file(one.module, ONLY_FILES.get((one.room, one.other)))
        )
    ]
    assert wrong == []


def allowed_file(module: str, files: set[str] | None) -> bool:
    return files is None or any(module == name or module.startswith(name + ".") for name in files)


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_touches_nothing_of_the_world(room: str) -> None:
    banned = WORLD - ({"pathlib"} if room in MAY_NAME_PATHS else set())
    wrong = [
        f"{one.file} imports {one.module}"
        for one in imports()
        if one.room == room
        and one.file not in PURE[room]
        and any(f"{one.module}.".startswith(f"{name}.") for name in banned)
    ]
    assert wrong == []


def test_only_the_edges_read_a_clock_or_the_environment() -> None:
    edges = set().union(*PURE.values())
    wrong = [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in sources()
        if room_of(path) not in MAY_READ_THEM and str(path.relative_to(ROOT)) not in edges
        for found in CLOCK_OR_ENVIRONMENT.finditer(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_greenswitch_is_met_in_one_file() -> None:
    files = {one.file for one in imports() if one.module.split(".")[0] == "greenswitch"}
    assert len(files) == 1, files
    assert all(file.startswith("ccore/daemon/") for file in files)


def test_every_module_says_what_it_is_and_what_it_gives() -> None:
    without = []
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {getattr(node, "id", "") for node in ast.walk(tree) if isinstance(node, ast.Name)}
        is_empty = len(tree.body) <= 1 or path.name == "__main__.py"  # nothing to import from it
        if ast.get_docstring(tree) is None or not (is_empty or "__all__" in names):
            without.append(str(path.relative_to(ROOT)))
    assert without == []


def test_the_table_in_the_documentation_is_this_one() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for room, others in MAY_IMPORT.items():
        words = "every room" if others >= EVERYTHING else ", ".join(sorted(others)) or "nothing"
        assert re.search(rf"^\| `{room}` \| {re.escape(words)} \|", text, re.M), (
            f"docs/architecture.md needs the row: | `{room}` | {words} | ... |"
        )
