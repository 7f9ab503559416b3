"""What the device can do, and how it says that it cannot."""

from typing import Final, NoReturn

import torch

from invoke_core.domain.queue import DeviceMemory
from invoke_core.errors import Invalid, Unavailable

PRECISIONS: Final = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def opened_device(name: str) -> torch.device:
    """Return the device of this name; raise Unavailable where there is none here."""
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise Unavailable(f"There is no device {name!r}: use cpu or cuda:0.") from error
    if device.type == "cpu":
        return device
    count = torch.cuda.device_count() if device.type == "cuda" else 0
    if (device.index or 0) >= count:
        here = ", ".join(["cpu", *(f"cuda:{number}" for number in range(count))])
        raise Unavailable(f"There is no device {name!r} here; torch finds: {here}.")
    return torch.device(device.type, device.index or 0)


def number_format(precision: str, device: torch.device) -> torch.dtype:
    """Return the numbers that models are computed in.

    Raises:
        Invalid: the precision is not one of `PRECISIONS` or `auto`.
    """
    if precision != "auto" and precision not in PRECISIONS:
        raise Invalid(
            f"The precision is auto, {', '.join(PRECISIONS)}; not {precision!r}.", field="precision"
        )
    if precision != "auto":
        return PRECISIONS[precision]
    if device.type == "cpu":
        return torch.float32  # half precision is emulated on most CPUs: slower, and worse
    # SDXL's autoencoder overflows in float16.
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether the device, or the computer, had no memory left."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)  # torch on a CPU
    )


def raise_device_trouble(error: Exception, device: torch.device) -> NoReturn:
    """Raise Unavailable for a device that is full or has failed, else the error as it is."""
    if is_out_of_memory(error):
        raise Unavailable(
            f"{device} has no memory left: ask for a smaller picture, use a smaller model, or end"
            " other programs on this device."
        ) from error
    if isinstance(error, torch.AcceleratorError):
        raise Unavailable(
            f"{device} has failed: restart the worker, and look at the driver's log if it fails again."
        ) from error
    raise error


def device_memory(device: torch.device) -> DeviceMemory | None:
    """Return what a GPU has and what is free, as its driver says; None for a CPU or a failed device."""
    if device.type != "cuda":
        return None
    try:
        free, total = torch.cuda.mem_get_info(device)
    except RuntimeError:  # a device that has failed: the job on it says so, and the worker lives
        return None
    return DeviceMemory(device=str(device), total_bytes=total, free_bytes=free)


def free_unused_memory(device: torch.device) -> None:
    """Give memory that torch keeps for itself back to the device."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
