"""Style presets, with InvokeAI's paths and bodies."""

from typing import Annotated, Any

import attrs
import msgspec
from litestar import Request, Response, Router, delete, get, patch, post, route
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.params import FromPath, MultipartBody, QueryParameter

from invoke_apps.web._call import Call
from invoke_apps.web.guard import MEDIA
from invoke_apps.web.media import media
from invoke_apps.web.uploads import FORM_ERRORS, UploadLimit
from invoke_core.domain.identifiers import StylePresetId
from invoke_core.domain.preset_files import PresetFormat
from invoke_core.domain.shelves import Shelf, Whose
from invoke_core.domain.style_presets import PresetText, StylePreset
from invoke_core.errors import Invalid, Unsupported
from invoke_core.services.style_presets import PresetWish

Scope = Annotated[Whose, QueryParameter(name="scope")]  # Litestar keeps `scope` to itself

_FORMATS = {
    "text/csv": PresetFormat.CSV,
    "application/vnd.ms-excel": PresetFormat.CSV,  # as browsers call it where Excel is installed
    "application/json": PresetFormat.JSON,
}


@attrs.frozen(kw_only=True)
class PresetDataView:
    """The prompts of a preset."""

    positive_prompt: str
    negative_prompt: str


@attrs.frozen(kw_only=True)
class StylePresetView:
    """A style preset."""

    id: str
    name: str
    preset_data: PresetDataView
    type: Shelf
    is_public: bool
    user_id: str
    image: str | None  # where the small picture is

    @classmethod
    def of(cls, preset: StylePreset) -> "StylePresetView":
        """Return the preset as it is shown."""
        image = None
        if preset.image is not None:
            image = f"api/v1/style_presets/i/{preset.preset_id}/image?v={preset.image[:8]}"
        return cls(
            id=preset.preset_id,
            name=preset.name,
            preset_data=PresetDataView(
                positive_prompt=preset.positive_prompt, negative_prompt=preset.negative_prompt
            ),
            type=preset.shelf,
            is_public=preset.is_public,
            user_id=preset.owner_id,
            image=image,
        )


class PresetData(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What the form's field `data` holds, as JSON text."""

    name: str
    positive_prompt: str
    negative_prompt: str
    type: Shelf
    is_public: bool = False


class PresetForm(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A preset as JSON text, and a picture file."""

    data: str
    image: UploadFile | None = None

    def wish(self) -> PresetWish:
        """Return the preset that is asked for; raise Invalid where the field `data` is none."""
        picture = None
        if self.image is not None:
            with self.image.file as file:
                picture = file.read()
        try:
            data = msgspec.json.decode(self.data, type=PresetData)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise Invalid(f"The field 'data' is no preset: {error}.", field="data") from error
        return PresetWish(
            text=PresetText(
                name=data.name,
                positive_prompt=data.positive_prompt,
                negative_prompt=data.negative_prompt,
            ),
            shelf=data.type,
            is_public=data.is_public,
            picture=picture,
        )


class PresetUpload(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A file of presets."""

    file: UploadFile


@post(
    "/",
    sync_to_thread=True,
    status_code=200,
    exception_handlers=FORM_ERRORS,
    middleware=[UploadLimit()],
    request_max_body_size=None,
)
def create_preset(data: MultipartBody[PresetForm], call: NamedDependency[Call]) -> StylePresetView:
    """Keep a style preset of one's own."""
    wish = data.wish()
    return StylePresetView.of(
        call(lambda app, principal: app.style_presets.create(principal, wish))
    )


@get("/", sync_to_thread=True)
def list_presets(call: NamedDependency[Call], whose: Scope = Whose.OWN) -> list[StylePresetView]:
    """Return one's own presets, public ones and the default ones, by name."""
    found = call(lambda app, principal: app.style_presets.list(principal, whose))
    return [StylePresetView.of(preset) for preset in found]


@get("/i/{style_preset_id:str}", sync_to_thread=True)
def get_preset(
    style_preset_id: FromPath[StylePresetId], call: NamedDependency[Call]
) -> StylePresetView:
    """Return a style preset."""
    return StylePresetView.of(
        call(lambda app, principal: app.style_presets.get(principal, style_preset_id))
    )


@patch(
    "/i/{style_preset_id:str}",
    sync_to_thread=True,
    exception_handlers=FORM_ERRORS,
    middleware=[UploadLimit()],
    request_max_body_size=None,
)
def update_preset(
    style_preset_id: FromPath[StylePresetId],
    data: MultipartBody[PresetForm],
    call: NamedDependency[Call],
) -> StylePresetView:
    """Replace a style preset; without a picture, the one that it has goes."""
    wish = data.wish()
    return StylePresetView.of(
        call(lambda app, principal: app.style_presets.update(principal, style_preset_id, wish))
    )


@delete("/i/{style_preset_id:str}", sync_to_thread=True, status_code=200)
def delete_preset(style_preset_id: FromPath[StylePresetId], call: NamedDependency[Call]) -> None:
    """Delete a style preset."""
    call(lambda app, principal: app.style_presets.delete(principal, style_preset_id))


@route(
    "/i/{style_preset_id:str}/image",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    opt=MEDIA,
    sync_to_thread=True,
    media_type="image/webp",
)
def get_preset_image(
    request: Request[Any, Any, Any],
    style_preset_id: FromPath[StylePresetId],
    call: NamedDependency[Call],
) -> Response[Any]:
    """Send a style preset's small picture, as WebP of at most 256 pixels a side."""
    content = call(lambda app, principal: app.style_presets.image(principal, style_preset_id))
    return media(request, content, "image/webp", "style_preset.webp")


@get("/export", sync_to_thread=True, media_type="text/csv")
def export_presets(call: NamedDependency[Call]) -> Response[bytes]:
    """Send everybody's presets but the default ones, as a CSV file; administrators only."""
    content = call(lambda app, principal: app.style_presets.export(principal))
    return Response(
        content.encode(),
        media_type="text/csv",
        headers={
            "Content-Disposition": 'attachment; filename="prompt_templates.csv"',
            "Cache-Control": "no-store",
        },
    )


@post(
    "/import",
    sync_to_thread=True,
    status_code=200,
    exception_handlers=FORM_ERRORS,
    middleware=[UploadLimit()],
    request_max_body_size=None,
)
def import_presets(data: MultipartBody[PresetUpload], call: NamedDependency[Call]) -> None:
    """Keep all presets of a CSV or JSON file as one's own, or none of them; administrators only."""
    media_type = (data.file.content_type or "").partition(";")[0].strip().lower()
    if media_type not in _FORMATS:
        raise Unsupported("A file of presets is text/csv or application/json.")
    with data.file.file as file:
        content = file.read()
    call(
        lambda app, principal: app.style_presets.import_file(
            principal, content, _FORMATS[media_type]
        )
    )


router = Router(
    path="/api/v1/style_presets",
    route_handlers=[
        create_preset,
        list_presets,
        get_preset,
        update_preset,
        delete_preset,
        get_preset_image,
        export_presets,
        import_presets,
    ],
    tags=["style presets"],
)
