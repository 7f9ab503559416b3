"""Networks on a device, which can be put on the shelf in the computer's memory and come back."""

from typing import Any, Self

import attrs
import torch

from invoke_adapters.diffusers.weights import FlatWeights, modules_of, weight_bytes


@attrs.define(eq=False)
class HeldPart:
    """A pipeline, or one network, on a device or on the shelf."""

    part: Any
    device: torch.device
    size: int  # bytes
    flat: FlatWeights | None  # None: there is no copy on the shelf
    is_on_device: bool = True

    @classmethod
    def on(cls, part: Any, device: torch.device, *, shelf: bool) -> Self:
        """Return what was loaded into the computer's memory, brought to the device.

        Args:
            part: a pipeline, or one network.
            device: where it runs.
            shelf: whether a copy stays in the computer's memory. Beside a CPU there is no shelf.
        """
        modules = modules_of(part)
        for module in modules.values():
            module.requires_grad_(False)
            module.eval()
        flat = None
        if device.type == "cuda":
            for module in modules.values():
                if any(weight.dim() == 4 for weight in module.parameters()):
                    module.to(memory_format=torch.channels_last)  # what its convolutions prefer
        if shelf and device.type != "cpu":
            flat = FlatWeights.of(modules, pin=device.type == "cuda")
            flat.to_device(device)
        else:
            for module in modules.values():
                module.to(device)
        return cls(part, device, weight_bytes(modules), flat)

    @property
    def device_bytes(self) -> int:
        """Return how much of the device's memory it takes; 0 on the shelf."""
        return self.size if self.is_on_device else 0

    @property
    def shelf_bytes(self) -> int:
        """Return how much of the computer's memory its copy takes; 0 where it has none."""
        return self.size if self.flat is not None else 0

    def fetch(self) -> None:
        """Bring it from the shelf to the device."""
        if self.flat is not None and not self.is_on_device:
            self.flat.to_device(self.device)
            self.is_on_device = True

    def put_away(self) -> bool:
        """Free the device of it; return False where no copy is left, so that it must be dropped."""
        if self.flat is None:
            return False
        self.flat.to_host()
        self.is_on_device = False
        return True
