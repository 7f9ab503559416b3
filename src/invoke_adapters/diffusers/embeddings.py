"""What prompts become, kept: the same words are not encoded twice."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence

import attrs
import torch

KEPT_BYTES = 256 * 2**20  # a prompt takes 0.1 MB with SD 1.5, 0.3 with SDXL, 4 with FLUX

Encoded = tuple[torch.Tensor, ...]


@attrs.define(eq=False)
class PromptCache:
    """Embeddings of prompts of one model, on its device; those used longest ago go first.

    They are kept under a digest of the words, so that nobody's words lie in memory longer than a pass.
    """

    limit: int = KEPT_BYTES
    _kept: OrderedDict[bytes, Encoded] = attrs.field(factory=OrderedDict, init=False)
    _bytes: int = attrs.field(default=0, init=False)

    def get(
        self, prompt: str, circumstances: Sequence[object], encode: Callable[[], Encoded]
    ) -> Encoded:
        """Return the embeddings of a prompt.

        Args:
            prompt: the words.
            circumstances: what else they depend on, such as the LoRAs of the text encoder.
            encode: makes them where they are not kept.
        """
        digest = hashlib.sha256(repr((prompt, circumstances)).encode()).digest()
        found = self._kept.get(digest)
        if found is None:
            found = self._kept[digest] = encode()
            self._bytes += _size(found)
        self._kept.move_to_end(digest)
        while self._bytes > self.limit and len(self._kept) > 1:
            self._bytes -= _size(self._kept.popitem(last=False)[1])
        return found

    def clear(self) -> None:
        """Forget them all."""
        self._kept.clear()
        self._bytes = 0


def _size(encoded: Encoded) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in encoded)
