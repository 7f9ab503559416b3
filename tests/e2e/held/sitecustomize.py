"""Holds the worker's process at a stage of a job; Python imports this by itself where it is on the path.

INVOKE_TEST_STAGE names the stage, INVOKE_TEST_PIPES the folder of two pipes: at the stage the process
writes to `reached` and waits until somebody has opened and closed `go`. Without `reached` it goes on.
"""

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

STAGES: dict[str, tuple[str, str, str]] = {  # module, object, method, after which it is held
    "claimed": ("invoke_core.services.dispatcher", "Dispatcher", "claim"),
    "denoising": ("invoke_adapters.sql.progress", "SqliteProgressStore", "put"),
    "file written": ("invoke_core.services._image_files", "ImageFiles", "store"),
    "before the commit": ("invoke_core.services.results", "flows", "move"),
}


def hold() -> None:
    pipes = Path(os.environ["INVOKE_TEST_PIPES"])
    if not (pipes / "reached").exists():
        return
    (pipes / "reached").write_text("here")
    (pipes / "go").read_text()


def held_after(method: Callable[..., Any]) -> Callable[..., Any]:
    def held(*args: Any, **kwargs: Any) -> Any:
        result = method(*args, **kwargs)
        if result is not None or method.__name__ != "claim":  # a claim of nothing is no stage
            hold()
        return result

    return held


if "INVOKE_TEST_STAGE" in os.environ and "invoke_apps.cli.worker" in sys.orig_argv:
    module, owner, name = STAGES[os.environ["INVOKE_TEST_STAGE"]]
    place = getattr(importlib.import_module(module), owner)
    setattr(place, name, held_after(getattr(place, name)))
