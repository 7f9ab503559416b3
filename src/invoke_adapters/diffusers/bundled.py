"""The models that come with the package."""

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.models import (
    BaseModel,
    BundledModel,
    DefaultSettings,
    ModelType,
    SchedulerName,
)

DEMO_SHAPES = ModelKey("demo-shapes")
DESCRIPTION = (
    "Draws one coloured shape on a plain ground: “a red circle on a white background”."
    " Trained from scratch for this server, so that it can show itself without a download."
)


def bundled_models(package_folder: Path | None = None) -> Sequence[BundledModel]:
    """Return the models that lie beside this module, with their default settings.

    None where the installation was made without their weights.

    Args:
        package_folder: where to look; None: in the installed package.
    """
    root = package_folder or Path(str(files(__package__ or __name__)))
    folder = root / "demo_shapes"
    if not (folder / "model_index.json").is_file():
        return ()
    return (
        BundledModel(
            key=DEMO_SHAPES,
            name="Demo shapes",
            type=ModelType.MAIN,
            base=BaseModel.SD_1,
            path=str(folder),
            description=DESCRIPTION,
            default_settings=_settings(folder / "settings.json"),
        ),
    )


def _settings(file: Path) -> DefaultSettings:
    values = json.loads(file.read_text(encoding="utf-8"))
    values["scheduler"] = SchedulerName(values["scheduler"])
    return DefaultSettings(**values)
