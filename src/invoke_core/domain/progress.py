"""How far a running job is."""

import attrs

from invoke_core.domain.identifiers import ItemId


@attrs.frozen(kw_only=True)
class Progress:
    """The newest word from a running job."""

    item_id: ItemId
    step: int  # denoising steps done
    steps: int  # of how many
    preview: bytes | None = None  # a small WebP picture


@attrs.frozen(kw_only=True)
class StampedProgress:
    """Progress as the store keeps it."""

    progress: Progress
    version: int  # grows with every report of any job
