"""Where an image stands in a list of images, so that a list can go on from there at any depth."""

from datetime import datetime

import attrs

from invoke_core.domain.identifiers import ImageName
from invoke_core.domain.pages import from_cursor, from_microseconds, microseconds, to_cursor


@attrs.frozen(kw_only=True)
class Position:
    """What decides where an image stands; what counts of it is for the query to say."""

    starred: bool
    score: int = 0  # of a search
    created_at: datetime  # aware, UTC
    image_name: ImageName

    @classmethod
    def of_cursor(cls, text: str) -> "Position":
        """Return the position that a cursor holds; raise Invalid for one that is none of ours."""
        starred, score, at, image_name = from_cursor(text, int, int, int, str)
        return cls(
            starred=bool(starred),
            score=score,
            created_at=from_microseconds(at),
            image_name=ImageName(image_name),
        )

    def cursor(self) -> str:
        """Return the position as clients pass it on."""
        at = microseconds(self.created_at)
        return to_cursor(int(self.starred), self.score, at, self.image_name)
