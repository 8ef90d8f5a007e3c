"""What others use instead."""

from __future__ import annotations

from .programs import Side


def ready_peers() -> dict[str, list[Side]]:
    return {}
