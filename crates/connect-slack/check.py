"""Has Slack's own library for Python look at every message and form that the tests send, as it looks before it sends one.
`cargo xtask slack` runs it.

    python check.py TARGET        where TARGET is the folder that cargo builds in

Lines that begin with `not run:` say what could not be tried here, and why; the last one counts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SECONDS_MAX = 1800


def run(*command: object, **more: object) -> int:
    words = [str(word) for word in command]
    print("  " + " ".join(words), flush=True)
    return subprocess.run(words, timeout=SECONDS_MAX, stdin=subprocess.DEVNULL, check=False, **more).returncode  # type: ignore[call-overload,no-any-return]


def rendered(target: Path) -> Path | None:
    """What the tests send, one message or form a line."""
    file = target / "rendered.jsonl"
    file.unlink(missing_ok=True)
    # With the features of all tests, so that nothing is compiled twice.
    tests = ["cargo", "test", "--quiet", "--workspace", "--all-features", "--test", "slack"]
    environment = {**os.environ, "TENURE_SLACK_RENDERED": str(target)}
    code = run(*tests, cwd=HERE, env=environment, stdout=subprocess.DEVNULL)
    return file if code == 0 and file.exists() else None


def main(target: Path) -> int:
    target.mkdir(parents=True, exist_ok=True)
    tools = target / "tools"
    needed = [tools / "bin" / "python", "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"]
    if run(sys.executable, "-m", "venv", tools) != 0 or run(*needed) != 0:
        print("not run: what Slack's library says of messages, because it could not be installed")
        return 0
    file = rendered(target)
    if file is None:
        print("test result: FAILED. 0 passed; 1 failed")
        return 1
    return run(tools / "bin" / "python", HERE / "look.py", file)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve() / "slack"))
