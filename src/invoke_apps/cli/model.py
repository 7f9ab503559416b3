"""Models at the command line: `invoke-admin model …`."""

from pathlib import Path

import click

from invoke_apps.cli._base import InvokeGroup, opened, root_option, this_host
from invoke_core.domain.models import BaseModel, ModelFormat, ModelType

_BINARY_STEP = 1024


@click.group(cls=InvokeGroup)
def model() -> None:
    """Manage the models that everybody draws with."""


@model.command()
@root_option
@click.argument("path")
@click.option(
    "--type",
    "type_",
    type=click.Choice([kind.value for kind in ModelType]),
    required=True,
    help="What the model is for.",
)
@click.option(
    "--base",
    type=click.Choice([base.value for base in BaseModel]),
    required=True,
    help="The family that it belongs to.",
)
@click.option("--name", required=True, help="What people call it.")
@click.option("--description", default="", help="A few words for people.")
def add(root: Path | None, path: str, type_: str, base: str, name: str, description: str) -> None:
    """Add the safetensors file or diffusers folder at PATH, where it lies.

    Nothing is copied: the files must stay there. A PATH that is not found here is looked for in the
    root's folder `models`.
    """
    found = Path(path).expanduser()
    place = str(found.absolute()) if found.exists() else path
    with opened(root) as app:
        added = app.models.add(
            this_host(),
            place,
            type=ModelType(type_),
            base=BaseModel(base),
            name=name,
            description=description,
        )
    click.echo(f"Added {added.type} model {added.name!r} ({_size(added.file_size)}): {added.key}")
    if added.type is ModelType.MAIN and added.format is ModelFormat.CHECKPOINT:
        click.echo(
            "Warning: this server cannot draw with a main model in a single file yet; convert it to a"
            " diffusers folder.",
            err=True,
        )


@model.command(name="list")
@root_option
@click.option("--json", "as_json", is_flag=True, help="Print an array of records.")
def list_models(root: Path | None, as_json: bool) -> None:
    """List all models by type, family and name."""
    from invoke_apps.cli._tables import print_json, print_table
    from invoke_apps.web.routes.models import ModelView

    with opened(root) as app:
        models = app.models.list(this_host())
    if as_json:
        print_json([ModelView.of(model, this_host()) for model in models])
        return
    print_table(
        ["Name", "Type", "Base", "Format", "Size", "Key", "Path"],
        [[m.name, m.type, m.base, m.format, _size(m.file_size), m.key, m.path] for m in models],
    )
    count = len(models)
    click.echo(f"{count} model{'' if count == 1 else 's'}", err=True)


@model.command()
@root_option
@click.argument("key_or_name")
def remove(root: Path | None, key_or_name: str) -> None:
    """Take the model KEY_OR_NAME out of the catalogue. Its files stay where they are."""
    with opened(root) as app:
        removed = app.models.remove(this_host(), key_or_name)
    click.echo(f"Removed {removed.type} model {removed.name!r}; its files stay: {removed.path}")


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "KiB", "MiB"):
        if size < _BINARY_STEP:
            return f"{size:.0f} {unit}"
        size /= _BINARY_STEP
    return f"{size:.1f} GiB"
