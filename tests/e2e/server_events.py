"""Server-Sent Events as a client reads them (HTML, 9.2.6)."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import attrs


@attrs.frozen
class Event:
    """One event of a stream."""

    name: str
    body: Any
    id: str | None

    def is_about(self, **facts: Any) -> bool:
        """Return whether the body has these members."""
        return all(self.body.get(key) == value for key, value in facts.items())


def server_sent_events(lines: Iterable[str]) -> Iterator[Event]:
    """Yield the events of a stream's lines; a comment, such as a heartbeat, is none."""
    name, data, number = "message", "", None
    for line in lines:
        field, _, value = line.partition(":")
        if field == "event":
            name = value.strip()
        elif field == "data":
            data += value.strip()
        elif field == "id":
            number = value.strip()
        elif not line and data:
            yield Event(name, json.loads(data), number)
            name, data, number = "message", "", None
