"""What every store of style presets does."""

from contextlib import suppress
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoke_core.domain.identifiers import StylePresetId, UserId
from invoke_core.domain.shelves import Shelf, may_see
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import a_principal, a_style_preset, a_user, an_administrator
from invoke_core.testing.visibility import TakenBack, quietly

NOBODY, NOTHING = UserId("nobody"), StylePresetId("nothing")
PICTURE = b"RIFF\x00\xff"


class StylePresetRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_a_preset_comes_back_whole(self, database: Database) -> None:
        with database.writing() as work:
            preset = a_style_preset(work, content=PICTURE, shelf=Shelf.DEFAULT, is_public=True)

        with database.reading() as work:
            assert work.style_presets.get(preset.preset_id) == preset

    def test_an_unknown_preset_is_not_found(self, database: Database) -> None:
        with database.writing() as work:
            with pytest.raises(NotFound):
                work.style_presets.get(NOTHING)
            with pytest.raises(NotFound):
                work.style_presets.remove(NOTHING)

    def test_an_id_is_given_once(self, database: Database) -> None:
        with database.writing() as work:
            preset = a_style_preset(work)

            with pytest.raises(Conflict):
                work.style_presets.add(preset)

    def test_an_owner_must_be_there(self, database: Database) -> None:
        with database.writing() as work:
            changed = attrs.evolve(a_style_preset(work), owner_id=NOBODY)

            with pytest.raises(NotFound):
                work.style_presets.put(changed)
            with pytest.raises(NotFound):
                work.style_presets.add(attrs.evolve(changed, preset_id=NOTHING))

    def test_a_change_replaces_the_one(self, database: Database) -> None:
        with database.writing() as work:
            preset, other = a_style_preset(work), a_style_preset(work)
            changed = attrs.evolve(preset, owner_id=other.owner_id, name="New", is_public=True)
            work.style_presets.put(changed)

            assert work.style_presets.get(preset.preset_id) == changed
            assert work.style_presets.get(other.preset_id) == other

    def test_what_is_unknown_is_not_changed(self, database: Database) -> None:
        with database.writing() as work:
            preset = attrs.evolve(a_style_preset(work), preset_id=NOTHING)

            with pytest.raises(NotFound):
                work.style_presets.put(preset)

    def test_a_picture_comes_back(self, database: Database) -> None:
        with database.writing() as work:
            preset, other = a_style_preset(work, content=PICTURE), a_style_preset(work)

            assert work.style_presets.image(preset.preset_id) == PICTURE
            assert work.style_presets.image(other.preset_id) is None
            assert work.style_presets.image(NOTHING) is None

    def test_a_picture_stays_until_it_is_replaced_or_taken_away(self, database: Database) -> None:
        with database.writing() as work:
            preset = a_style_preset(work, content=PICTURE)
            work.style_presets.put(attrs.evolve(preset, name="New"))
            assert work.style_presets.image(preset.preset_id) == PICTURE
            work.style_presets.put(attrs.evolve(preset, image="other"), b"other")
            assert work.style_presets.image(preset.preset_id) == b"other"
            work.style_presets.put(attrs.evolve(preset, image=None))
            assert work.style_presets.image(preset.preset_id) is None

    def test_a_removed_preset_is_gone_alone(self, database: Database) -> None:
        with database.writing() as work:
            preset, other = a_style_preset(work, content=PICTURE), a_style_preset(work)

            work.style_presets.remove(preset.preset_id)

            with pytest.raises(NotFound):
                work.style_presets.get(preset.preset_id)
            assert work.style_presets.get(other.preset_id) == other

    def test_an_account_with_a_preset_stays(self, database: Database) -> None:
        with database.writing() as work:
            preset = a_style_preset(work)

            with pytest.raises(Conflict):
                work.users.remove(preset.owner_id)

    def test_an_owners_presets_come_by_id(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            own = [a_style_preset(work, user) for _ in range(3)]
            a_style_preset(work)

            assert list(work.style_presets.owned_by(user.user_id)) == own

    def test_an_owners_presets_are_counted(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            for _ in range(3):
                a_style_preset(work, user)
            a_style_preset(work)

            assert work.style_presets.count_owned(user.user_id) == 3

    def test_a_list_comes_by_name_then_by_id(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            made = [a_style_preset(work, user, name=name) for name in ("b", "C", "a", "B")]

            found = work.style_presets.list_visible(a_principal(user))

            assert list(found) == [made[2], made[0], made[3], made[1]]

    @quietly
    @given(
        presets=st.lists(
            st.tuples(st.integers(0, 2), st.sampled_from(Shelf), st.booleans()), max_size=6
        ),
        who=st.integers(0, 2),
    )
    def test_presets_are_listed_as_the_rule_says(
        self, database: Database, presets: list[Any], who: int
    ) -> None:
        with suppress(TakenBack), database.writing() as work:
            users = [a_user(work), a_user(work), an_administrator(work)]
            made = [
                a_style_preset(work, users[owner], shelf=shelf, is_public=is_public)
                for owner, shelf, is_public in presets
            ]
            principal = a_principal(users[who])

            found = work.style_presets.list_visible(principal)

            assert set(found) == {preset for preset in made if may_see(preset, principal)}
            raise TakenBack
