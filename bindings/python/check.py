"""Builds the wheel, installs it into fresh environments, and runs the tests: all of them under one Python, the quick
start under every other one that the machine has. `cargo xtask python` runs it, and says in TENURE_TRANSCRIPT where it has
written what all stories ask and are answered in Rust.

    python check.py TARGET        where TARGET is the folder that cargo builds in

Lines that begin with `not run:` say what could not be tried here, and why; the last one counts.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OLDEST = (3, 9)
# The newest mypy needs this much itself.
CHECKERS_NEED = (3, 10)
WHEEL_MB_MOST = 8
SECONDS_MAX = 3600


def run(*command: object, **more: object) -> int:
    words = [str(word) for word in command]
    print("  " + " ".join(words), flush=True)
    return subprocess.run(words, timeout=SECONDS_MAX, stdin=subprocess.DEVNULL, check=False, **more).returncode  # type: ignore[call-overload,no-any-return]


def version(python: Path) -> tuple[int, int] | None:
    """Of an interpreter that starts and can make environments."""
    asks = "import ensurepip, ssl, sys, venv; print(sys.implementation.name, *sys.version_info[:2])"
    try:
        told = subprocess.run([python, "-c", asks], capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return None
    words = told.stdout.split()
    return (int(words[1]), int(words[2])) if words[:1] == ["cpython"] else None


def pythons() -> dict[tuple[int, int], Path]:
    """One interpreter of each version: those on the path, and those of pyenv."""
    places = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    # What pyenv puts on the path only says which version is meant.
    places = [place for place in places if place != home / "shims"]
    places += sorted(home.glob("versions/*/bin"), reverse=True)
    candidates = [Path(sys.executable)]
    for place in places:
        candidates += sorted(place.glob("python3.[0-9]*")) + [place / "python3"]
    found: dict[tuple[int, int], Path] = {}
    for candidate in candidates:
        if re.fullmatch(r"python3(\.\d+)?", candidate.name) and candidate.exists():
            known = version(candidate)
            if known is not None and known >= OLDEST:
                found.setdefault(known, candidate)
    return dict(sorted(found.items()))


def environment(python: Path, folder: Path) -> Path | None:
    """A fresh environment; its interpreter."""
    made = run(python, "-m", "venv", "--clear", folder) == 0
    return folder / "bin" / "python" if made else None


def built(tools: Path, folder: Path) -> Path | None:
    """The wheel, and none of an earlier build."""
    for old in folder.glob("*.whl"):
        old.unlink()
    # With the profile that stands in `pyproject.toml`, as whoever builds it from the sources gets it.
    maturin = [tools.parent / "maturin", "build", "--manifest-path", HERE / "Cargo.toml", "--out", folder]
    if run(*maturin, "--compression-level", "9", "--interpreter", tools) != 0:
        return None
    (wheel,) = folder.glob("*.whl")
    return wheel


def weighed(wheel: Path) -> bool:
    """Tells how large it is, and whether that is no more than it should be."""
    megabytes = wheel.stat().st_size / 1024 / 1024
    print(f"  {wheel.name}: {megabytes:.2f} MB, {WHEEL_MB_MOST} are the most")
    return megabytes <= WHEEL_MB_MOST


def tested(tools: Path, wheel: Path, target: Path) -> tuple[int, int]:
    """All tests, with all that they need."""
    if run(tools, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", wheel) != 0:
        return 0, 1
    report = target / "tests.txt"
    with report.open("w+") as output:
        code = run(
            *(tools, "-m", "pytest", "-q", "-rP", "--timeout", "300", "-p", "no:cacheprovider", "tests"),
            cwd=HERE,
            stdout=output,
        )
        output.seek(0)
        text = output.read()
    print(text, flush=True)
    counts = {word: int(count) for count, word in re.findall(r"(\d+) (passed|failed|errors?|skipped)\b", text)}
    # What a test here leaves out was asked for: all that it needs is there.
    failed = sum(count for word, count in counts.items() if word != "passed")
    return counts.get("passed", 0), failed or int(code != 0)


def smoked(python: Path, wheel: Path, folder: Path) -> bool:
    """The quick start, with nothing but the wheel."""
    fresh = environment(python, folder)
    if fresh is None or run(fresh, "-m", "pip", "install", "--quiet", "--no-index", wheel) != 0:
        return False
    return run(fresh, HERE / "tests" / "smoke.py", HERE / "README.md", cwd=folder) == 0


def main(target: Path) -> int:
    target.mkdir(parents=True, exist_ok=True)
    found = pythons()
    able = [python for known, python in found.items() if known >= CHECKERS_NEED]
    if not able:
        print("not run: the package for Python, because there is no Python of 3.10 or later with venv")
        return 0
    print("  Python " + ", ".join(".".join(map(str, known)) for known in found))
    # The one that runs this, where it will do: then who chooses another Python tests another.
    chosen = Path(sys.executable) if sys.version_info[:2] >= CHECKERS_NEED else able[-1]
    tools = environment(chosen, target / "tools")
    needed = ["-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"]
    if tools is None or run(tools, *needed) != 0:
        print("not run: the package for Python, because what it is built and tested with could not be installed")
        return 0
    wheel = built(tools, target / "wheels")
    if wheel is None:
        print("test result: FAILED. 0 passed; 1 failed")
        return 1
    passed, failed = tested(tools, wheel, target)
    checks = [weighed(wheel)]
    for known, python in found.items():
        checks.append(smoked(python, wheel, target / ".".join(map(str, known))))
    passed, failed = passed + checks.count(True), failed + checks.count(False)
    print(f"test result: {'FAILED' if failed else 'ok'}. {passed} passed; {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve() / "python"))
