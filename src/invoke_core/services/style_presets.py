"""What people do with style presets."""

from collections.abc import Sequence

import attrs

from invoke_core.domain.audit import AuditAction, Target, as_person, difference, facts
from invoke_core.domain.identifiers import StylePresetId
from invoke_core.domain.preset_files import PresetFormat, csv_of, read_presets
from invoke_core.domain.principals import Principal, require_administrator, require_usable
from invoke_core.domain.shelves import (
    Shelf,
    Whose,
    moved,
    own_things,
    owner_on,
    require_change,
    require_sight,
)
from invoke_core.domain.style_presets import MAX_PRESETS, PresetText, StylePreset, checked
from invoke_core.errors import NotFound, TooMany
from invoke_core.ports.clock import Clock
from invoke_core.ports.randomness import Randomness
from invoke_core.ports.unit_of_work import Reading, Work, Writing
from invoke_core.services._image_files import ImageContent
from invoke_core.services._looks import Deed, Hourly
from invoke_core.services._shelves import changes_as_administrator, list_looks, shelf_looks
from invoke_core.services._small_pictures import SmallPictures, opened

KIND = "style preset"
EVERYBODYS: Deed = (AuditAction.STYLE_PRESET_LOOK, Target("style_presets"))
_AUDITED = ("name", "positive_prompt", "negative_prompt", "shelf", "is_public", "image")


@attrs.frozen(kw_only=True)
class PresetWish:
    """A preset as it is asked for."""

    text: PresetText
    shelf: Shelf = Shelf.USER
    is_public: bool = False
    picture: bytes | None = attrs.field(default=None, repr=False)  # a PNG, JPEG or WebP file


@attrs.frozen
class StylePresetService:
    """What people do with style presets."""

    reading: Reading
    writing: Writing
    clock: Clock
    randomness: Randomness
    pictures: SmallPictures
    looks: Hourly = attrs.field(factory=Hourly, repr=False)

    def create(self, principal: Principal, wish: PresetWish) -> StylePreset:
        """Keep a preset of the principal's own; an administrator's default one is the server's.

        Raises:
            Forbidden: it is a default one, and the principal is no administrator.
            Invalid: the name or a prompt is out of range.
            TooLarge: the picture has too many bytes or pixels.
            Unsupported: it is empty, damaged, or no PNG, JPEG or WebP.
            TooMany: the principal has as many as are kept for one.
        """
        owner_on(wish.shelf, principal)  # before the expensive part
        picture = None if wish.picture is None else self.pictures.of_upload(wish.picture)
        preset = self._new(principal, checked(wish.text), wish.shelf)
        preset = attrs.evolve(
            preset, is_public=wish.is_public, image=picture.digest if picture else None
        )
        with self.writing() as work:
            _require_room(work, preset, 1)
            work.style_presets.add(preset, picture.webp if picture else None)
            if preset.shelf is Shelf.DEFAULT or preset.is_public:
                work.audit.record(
                    principal,
                    AuditAction.STYLE_PRESET_CREATE,
                    _target(preset),
                    at=preset.created_at,
                    after=facts(preset, _AUDITED),
                )
        return preset

    def get(self, principal: Principal, preset_id: StylePresetId) -> StylePreset:
        """Return a preset; raise NotFound where it is unknown or hidden from the principal."""
        with self.reading() as work:
            preset = _seen(work, principal, preset_id)
        self._look(principal, preset)
        return preset

    def list(self, principal: Principal, whose: Whose = Whose.OWN) -> Sequence[StylePreset]:
        """Return presets, by name: one's own, public ones and the server's.

        With `Whose.VISIBLE` an administrator gets everybody's.
        """
        require_usable(principal)
        if whose is Whose.OWN:
            whose = own_things(principal)
        asking = principal if whose is Whose.VISIBLE else as_person(principal)
        with self.reading() as work:
            found = work.style_presets.list_visible(asking)
        looks = list_looks(principal, whose, EVERYBODYS)
        self.looks.write_down(self.writing, principal, looks, self.clock.now())
        return found

    def update(
        self, principal: Principal, preset_id: StylePresetId, wish: PresetWish
    ) -> StylePreset:
        """Replace a preset; without a picture, the one that it has goes.

        Raises:
            NotFound: the preset is unknown or hidden from the principal.
            Forbidden: it is another's, or would become a default one, and the principal is no
                administrator.
            Invalid, TooLarge, Unsupported: as for `create`.
        """
        text = checked(wish.text)
        with self.reading() as work:  # before the expensive part; and again below
            _changeable(work, principal, preset_id)
        picture = None if wish.picture is None else self.pictures.of_upload(wish.picture)
        now = self.clock.now()
        with self.writing() as work:
            before = _changeable(work, principal, preset_id)
            after = attrs.evolve(
                before,
                **attrs.asdict(text),
                owner_id=moved(before, wish.shelf, principal),
                shelf=wish.shelf,
                is_public=wish.is_public,
                image=picture.digest if picture else None,
                updated_at=now,
            )
            work.style_presets.put(after, picture.webp if picture else None)
            published = after.is_public is not before.is_public
            if published or changes_as_administrator(principal, before):
                was, became = difference(before, after, _AUDITED)
                action = AuditAction.STYLE_PRESET_UPDATE
                work.audit.record(
                    principal, action, _target(before), at=now, before=was, after=became
                )
        return after

    def delete(self, principal: Principal, preset_id: StylePresetId) -> None:
        """Delete a preset.

        Raises:
            NotFound: the preset is unknown or hidden from the principal.
            Forbidden: it is another's, and the principal is no administrator.
        """
        with self.writing() as work:
            preset = _changeable(work, principal, preset_id)
            work.style_presets.remove(preset_id)
            if changes_as_administrator(principal, preset):
                work.audit.record(
                    principal,
                    AuditAction.STYLE_PRESET_DELETE,
                    _target(preset),
                    at=self.clock.now(),
                    before=facts(preset, ("owner_id", *_AUDITED)),
                )

    def image(self, principal: Principal, preset_id: StylePresetId) -> ImageContent:
        """Return the small picture of a preset, a WebP of at most 256 pixels a side.

        Raises:
            NotFound: the preset is unknown or hidden from the principal, or has none.
        """
        with self.reading() as work:
            preset = _seen(work, principal, preset_id)
            content = work.style_presets.image(preset_id)
        if content is None or preset.image is None:
            raise NotFound("picture of the style preset", preset_id)
        self._look(principal, preset)
        return opened(content, preset.image)

    def export(self, principal: Principal) -> str:
        """Return everybody's presets but the server's, as CSV; raise Forbidden below administrators.

        Where others' private ones are among them, that is written down before they are shown.
        """
        require_administrator(principal)
        with self.reading() as work:
            found = work.style_presets.list_visible(principal)
        presets = [preset for preset in found if preset.shelf is Shelf.USER]
        deed = (AuditAction.STYLE_PRESET_EXPORT, Target("style_presets"))
        if any(shelf_looks(principal, preset, deed) for preset in presets):
            counted = {"count": len(presets)}
            with self.writing() as work:
                work.audit.record(principal, *deed, at=self.clock.now(), after=counted)
        return csv_of(presets)

    def import_file(
        self, principal: Principal, content: bytes, format: PresetFormat
    ) -> Sequence[StylePreset]:
        """Keep all presets of a file, or none, as the principal's own.

        Raises:
            Forbidden: the principal is no administrator.
            RuleViolation: the file cannot be read, or one of its presets is none.
            TooLarge: it has too many bytes or presets.
            TooMany: the principal would have more than are kept for one.
        """
        require_administrator(principal)
        presets = [self._new(principal, text, Shelf.USER) for text in read_presets(content, format)]
        with self.writing() as work:
            if presets:
                _require_room(work, presets[0], len(presets))
            for preset in presets:
                work.style_presets.add(preset)
            work.audit.record(
                principal,
                AuditAction.STYLE_PRESET_IMPORT,
                Target("style_presets"),
                at=self.clock.now(),
                after={"count": len(presets)},
            )
        return presets

    def _new(self, principal: Principal, text: PresetText, shelf: Shelf) -> StylePreset:
        now = self.clock.now()
        return StylePreset(
            preset_id=StylePresetId(self.randomness.identifier()),
            owner_id=owner_on(shelf, principal),
            **attrs.asdict(text),
            shelf=shelf,
            created_at=now,
            updated_at=now,
        )

    def _look(self, principal: Principal, preset: StylePreset) -> None:
        looks = shelf_looks(principal, preset, (AuditAction.STYLE_PRESET_LOOK, _target(preset)))
        self.looks.write_down(self.writing, principal, looks, self.clock.now())


def _require_room(work: Work, preset: StylePreset, wanted: int) -> None:
    if work.style_presets.count_owned(preset.owner_id) + wanted > MAX_PRESETS:
        raise TooMany(f"At most {MAX_PRESETS:,} style presets of one person are kept.")


def _target(preset: StylePreset) -> Target:
    return Target("style_preset", preset.preset_id)


def _seen(work: Work, principal: Principal, preset_id: StylePresetId) -> StylePreset:
    require_usable(principal)  # before anything is told of the preset, even that it is unknown
    preset = work.style_presets.get(preset_id)
    require_sight(KIND, preset_id, preset, principal)
    return preset


def _changeable(work: Work, principal: Principal, preset_id: StylePresetId) -> StylePreset:
    require_usable(principal)
    preset = work.style_presets.get(preset_id)
    require_change(KIND, preset_id, preset, principal)
    return preset
