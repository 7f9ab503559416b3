"""A model's weights in one piece, so that they come to the GPU in one copy and leave it in none."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import torch

CHANNELS_LAST = torch.channels_last
ALIGNMENT = 256  # bytes: what CUDA's own allocator gives


def modules_of(part: Any) -> Mapping[str, torch.nn.Module]:
    """Return the neural networks of a pipeline, or of one network alone, by name."""
    if isinstance(part, torch.nn.Module):
        return {"": part}
    return {
        name: module
        for name, module in part.components.items()
        if isinstance(module, torch.nn.Module)
    }


def weight_bytes(modules: Mapping[str, torch.nn.Module]) -> int:
    """Return how many bytes the weights and buffers of networks take."""
    return sum(
        tensor.numel() * tensor.element_size()
        for module in modules.values()
        for tensor in (*module.parameters(), *module.buffers())
    )


@attrs.frozen
class _Slot:
    """Where one weight lies in the piece."""

    module: str
    name: str
    offset: int  # bytes
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype

    def view(self, piece: torch.Tensor) -> torch.Tensor:
        count = 1
        for side in self.shape:
            count *= side
        width = torch.empty((), dtype=self.dtype).element_size()
        flat = piece[self.offset : self.offset + count * width].view(self.dtype)
        return flat.as_strided(self.shape, self.stride)


@attrs.define(eq=False)
class FlatWeights:
    """The weights of some networks, as one page-locked piece of the computer's memory.

    Weights never change, so a model that leaves the GPU is not copied back: its networks look at this
    piece again. Networks are asked for their weights by name, because LoRAs and textual inversions put
    others in their place and take them out again.
    """

    modules: Mapping[str, torch.nn.Module]
    slots: Sequence[_Slot]
    host: torch.Tensor  # uint8

    @classmethod
    def of(cls, modules: Mapping[str, torch.nn.Module], *, pin: bool) -> "FlatWeights":
        """Return the weights of networks that lie in the computer's memory, moved into one piece."""
        slots, end = [], 0
        for module_name, module in modules.items():
            for name, weight in module.named_parameters():
                if not (
                    weight.is_contiguous()
                    or (weight.dim() == 4 and weight.is_contiguous(memory_format=CHANNELS_LAST))
                ):
                    weight.data = weight.data.contiguous()
                slots.append(
                    _Slot(
                        module_name,
                        name,
                        end,
                        tuple(weight.shape),
                        tuple(weight.stride()),
                        weight.dtype,
                    )
                )
                end += -(-weight.numel() * weight.element_size() // ALIGNMENT) * ALIGNMENT
        host = torch.empty(end, dtype=torch.uint8, pin_memory=pin)
        flat = cls(modules, slots, host)
        for slot, weight in zip(slots, flat._weights(), strict=True):
            view = slot.view(host)
            view.copy_(weight.data)
            weight.data = view
        return flat

    def to_device(self, device: torch.device) -> None:
        """Bring the networks to the GPU."""
        piece = self.host.to(device, non_blocking=True, copy=True)
        for slot, weight in zip(self.slots, self._weights(), strict=True):
            weight.data = slot.view(piece)
        for module in self.modules.values():
            module.to(device)  # its buffers, which are small: the weights are there

    def to_host(self) -> None:
        """Let go of the GPU's copy."""
        for slot, weight in zip(self.slots, self._weights(), strict=True):
            weight.data = slot.view(self.host)
        for module in self.modules.values():
            module.to("cpu")

    def _weights(self) -> Sequence[torch.nn.Parameter]:
        named = {name: dict(module.named_parameters()) for name, module in self.modules.items()}
        return [named[slot.module][slot.name] for slot in self.slots]
