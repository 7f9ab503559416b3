"""The training log, and checkpoints that a run goes on from."""

import json
import os
import time
from pathlib import Path
from typing import Any

import torch


def log(folder: Path, stage: str, **figures: float | int | str) -> None:
    """Append one line to the folder's `training-log.jsonl`, and print it."""
    line = json.dumps({"time": time.strftime("%H:%M:%S"), "stage": stage, **figures})
    with (folder / "training-log.jsonl").open("a") as file:
        file.write(line + "\n")
    print(line, flush=True)


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint; a reader sees the old one or the new one, never a part."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def load(path: Path) -> dict[str, Any] | None:
    """Return the checkpoint, or None where there is none yet."""
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
