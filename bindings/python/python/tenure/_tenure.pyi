"""The compiled part: texts in, texts out."""

from __future__ import annotations

__version__: str

class Handle:
    @staticmethod
    def open(config: str) -> Handle | str: ...
    def call(self, json: str) -> str: ...
    def holds(
        self,
        person: str,
        integration: str,
        kind: str,
        name: str,
        permission: str,
        now: int | None,
    ) -> tuple[str | None, int | None] | str | None: ...
    def close(self) -> None: ...

def close_all(handles: list[Handle], millis: int) -> None: ...
