"""Looks at each line of a file, a message or a form as JSON, as Slack's own library does, and at nothing being lost in it.

    python look.py FILE
"""

from __future__ import annotations

import copy
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

# Slack's published limits that the library does not look at.
BLOCKS_MAX, TEXT_MAX, METADATA_MAX, BLOCK_ID_MAX, ERROR_LINES = 50, 40_000, 3_000, 255, 5
# What the tests render, at the least: fewer, and something is no longer looked at.
OWED = {"header", "section", "context", "actions", "input", "button", "static_select", "multi_static_select",
        "plain_text_input", "modal"}


def lost(given: Any, kept: Any, where: str = "") -> list[str]:
    """What was given and the library did not know."""
    if isinstance(given, dict):
        if not isinstance(kept, dict):
            return [where]
        return [found for key, value in given.items() for found in lost(value, kept.get(key), f"{where}.{key}")]
    if isinstance(given, list):
        if not isinstance(kept, list) or len(given) != len(kept):
            return [where]
        return [found for at, value in enumerate(given) for found in lost(value, kept[at], f"{where}[{at}]")]
    return [] if given == kept else [where]


def kinds(what: Any) -> set[str]:
    found = set()
    if isinstance(what, dict):
        found |= {what["type"]} if isinstance(what.get("type"), str) else set()
        found |= {kind for value in what.values() for kind in kinds(value)}
    if isinstance(what, list):
        found |= {kind for value in what for kind in kinds(value)}
    return found


def texts(what: Any) -> list[str]:
    """Every text object's text: none may be empty."""
    if isinstance(what, dict):
        own = [what["text"]] if isinstance(what.get("text"), str) else []
        return own + [text for value in what.values() for text in texts(value)]
    return [text for value in what for text in texts(value)] if isinstance(what, list) else []


def judge(what: dict[str, Any]) -> list[str]:
    """What is wrong with it."""
    wrong = []
    blocks = what.get("blocks", [])
    try:
        if what.get("type") == "modal":
            kept = View(**copy.deepcopy(what)).to_dict()
            wrong += [f"lost: {where}" for where in lost(what, kept)]
            if len(what.get("private_metadata", "")) > METADATA_MAX:
                wrong.append("too much metadata")
            if any(block["type"] == "input" for block in blocks) and "submit" not in what:
                wrong.append("an input, and nothing to send it with")
        else:
            for block in blocks:
                parsed = Block.parse(copy.deepcopy(block))
                if parsed is None:
                    wrong.append(f"no block: {block.get('type')}")
                else:
                    wrong += [f"lost: {where}" for where in lost(block, parsed.to_dict())]
            if not 0 < len(what.get("text", "")) <= TEXT_MAX:
                wrong.append("no text of its own, or too much")
    except (SlackObjectFormationError, TypeError, ValueError) as error:
        wrong.append(str(error))
    if len(blocks) > BLOCKS_MAX:
        wrong.append("too many blocks")
    if any(not text.strip() for text in texts(what)):
        wrong.append("an empty text")
    ids = Counter(block["block_id"] for block in blocks if "block_id" in block)
    if any(count > 1 for count in ids.values()) or any(len(name) > BLOCK_ID_MAX for name in ids):
        wrong.append("a block's name twice, or too long")
    for block in blocks:
        actions = Counter(element.get("action_id") for element in block.get("elements", []) if "action_id" in element)
        if any(count > 1 for count in actions.values()):
            wrong.append("an action's name twice")
    return wrong


def broken() -> list[dict[str, Any]]:
    """What must be found wrong: otherwise this looks at nothing."""
    plain = {"type": "plain_text", "text": "a"}
    header = {"type": "header", "text": {"type": "plain_text", "text": "a" * 151}}
    button = {"type": "button", "action_id": "a", "text": plain, "value": "a" * 2001}
    options = [{"text": plain, "value": str(number)} for number in range(101)]
    select = {"type": "static_select", "action_id": "a", "options": options}
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "a"}}
    return [
        {"text": "a", "blocks": [header]},
        {"text": "a", "blocks": [{"type": "actions", "elements": [button]}]},
        {"text": "a", "blocks": [{**section, "txet": plain}]},
        {"text": "a", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "a" * 3001}}]},
        {"text": "a", "blocks": [section] * 51},
        {"text": "", "blocks": [section]},
        {"type": "modal", "title": {"type": "plain_text", "text": "a" * 25}, "blocks": [section]},
        {"type": "modal", "title": plain, "blocks": [{"type": "input", "label": plain, "element": select}]},
    ]


def main(file: Path) -> int:
    lines = sorted(set(file.read_text().splitlines()))
    passed, failed, seen = 0, 0, set()
    for line in lines:
        what = json.loads(line)
        wrong = judge(what)
        seen |= kinds(what)
        if wrong:
            failed += 1
            print(f"  {'; '.join(wrong[:ERROR_LINES])}: {line[:2000]}")
        else:
            passed += 1
    for what in broken():
        if judge(what):
            passed += 1
        else:
            failed += 1
            print(f"  this is wrong, and was not found to be: {json.dumps(what)[:200]}")
    if OWED - seen:
        failed += 1
        print(f"  not rendered by any test: {', '.join(sorted(OWED - seen))}")
    print(f"  {len(lines)} different messages and forms, of {', '.join(sorted(seen))}")
    print(f"test result: {'FAILED' if failed else 'ok'}. {passed} passed; {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
