"""What type checkers say of the package, and of hosts that use it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tenure

HOSTS = Path(__file__).parent / "hosts"
CHECKERS = {
    "mypy": [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir=/dev/null"],
    "pyright": [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--project", str(HOSTS)],
}


def lines(checker: str, file: Path) -> set[int]:
    """The lines that a checker refuses."""
    done = subprocess.run([*CHECKERS[checker], str(file)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    told = re.findall(rf"{file.name}:(\d+):.*error", done.stdout)
    assert bool(told) == (done.returncode == 1), done.stdout + done.stderr
    return {int(line) for line in told}


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_host_that_is_right_is_accepted(checker: str) -> None:
    assert lines(checker, HOSTS / "typed.py") == set()


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_host_that_is_wrong_is_refused_where_it_is(checker: str) -> None:
    file = HOSTS / "wrong.py"
    marked = enumerate(file.read_text().splitlines(), start=1)
    assert lines(checker, file) == {number for number, line in marked if line.endswith("# wrong")}


def test_the_package_and_these_tests_are_accepted(tmp_path: Path) -> None:
    # Apart from the machine's other packages: what is installed is what is checked.
    package = tmp_path / "tenure"
    shutil.copytree(Path(tenure.__file__).parent, package, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    words = [*CHECKERS["mypy"], "--python-version", "3.10", str(package)]
    done = subprocess.run(
        [*words, *map(str, Path(__file__).parent.glob("*.py"))],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "MYPYPATH": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_public_names_are_typed() -> None:
    # It looks at the Python of the path, whatever else it is told.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--verifytypes", "tenure", "--ignoreexternal"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PATH": path},
    )
    assert done.returncode == 0, done.stdout + done.stderr
