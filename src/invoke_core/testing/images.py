"""What every store of pictures' descriptions does."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import attrs
import pytest

from invoke_core.domain.boards import Visibility
from invoke_core.domain.identifiers import BoardId, ImageName, RunId, UserId
from invoke_core.domain.image_lists import Position
from invoke_core.domain.images import Image, ImageCategory, ImageOrigin, ImageQuery, ImageScope
from invoke_core.domain.principals import INTERNAL, Principal
from invoke_core.domain.statistics import ImageUsage
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.unit_of_work import Database, Work
from invoke_core.testing.builders import (
    NOON,
    a_board,
    a_grant,
    a_principal,
    a_user,
    an_administrator,
    an_image,
)

UNKNOWN = ImageName("none.png")
SECOND = timedelta(seconds=1)
EVERY = ImageQuery(scope=ImageScope.VISIBLE, descending=False)


def _names(images: Iterable[Image]) -> list[ImageName]:
    return [image.image_name for image in images]


def _require_found(
    work: Work, principal: Principal, query: ImageQuery, expected: list[Image]
) -> None:
    """Fail unless both ways to list give exactly these images, in this order."""
    page = work.images.list_visible(principal, query)
    names = work.images.names_visible(principal, query)
    assert list(page.items) == expected
    assert page.total == len(expected)
    assert list(names.image_names) == _names(expected)
    assert names.starred_count == sum(image.starred for image in expected)


class ImageRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_an_image_comes_back_whole(self, database: Database) -> None:
        with database.writing() as work:
            image = an_image(
                work,
                board=a_board(work),
                workflow={"nodes": []},
                origin=ImageOrigin.EXTERNAL,
                category=ImageCategory.MASK,
                width=640,
                height=480,
                is_intermediate=True,
                starred=True,
                size_bytes=2**40,
                run_id=RunId("run"),
                node_id="node",
                updated_at=NOON + SECOND,
            )

        with database.reading() as work:
            assert work.images.get(image.image_name) == image

    def test_an_unknown_image_is_not_found(self, database: Database) -> None:
        with database.reading() as work, pytest.raises(NotFound):
            work.images.get(UNKNOWN)

    def test_known_images_come_once_in_the_order_asked_for(self, database: Database) -> None:
        with database.writing() as work:
            first, second = an_image(work), an_image(work)
            asked = _names([second, first, second])

            assert list(work.images.find_many([UNKNOWN, *asked])) == [second, first]
            assert list(work.images.find_many([])) == []

    def test_thousands_of_images_are_found_at_once(self, database: Database) -> None:
        with database.writing() as work:
            image = an_image(work)
            unknown = [ImageName(f"unknown-{number}.png") for number in range(70_000)]

            assert list(work.images.find_many([*unknown, image.image_name])) == [image]

    def test_a_name_is_taken_once(self, database: Database) -> None:
        with database.writing() as work:
            image = an_image(work)
            with pytest.raises(Conflict):
                an_image(work, image_name=image.image_name)

    def test_an_image_needs_an_owner(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound) as caught:
            an_image(work, owner_id=UserId("nobody"))

        assert caught.value.kind == "user"

    def test_an_image_needs_its_board(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound) as caught:
            an_image(work, board_id=BoardId("none"))

        assert caught.value.kind == "board"

    def test_an_image_is_replaced_and_keeps_its_metadata(self, database: Database) -> None:
        with database.writing() as work:
            image, board = an_image(work, metadata={"seed": 7}), a_board(work)
            changed = attrs.evolve(image, board_id=board.board_id, starred=True)
            work.images.put(changed)

        with database.reading() as work:
            assert work.images.get(image.image_name) == changed
            assert work.images.metadata(image.image_name) == {"seed": 7}

    def test_an_unknown_image_cannot_be_replaced(self, database: Database) -> None:
        with database.writing() as work:
            image = an_image(work)
            with pytest.raises(NotFound):
                work.images.put(attrs.evolve(image, image_name=UNKNOWN))

    def test_an_image_cannot_be_put_on_an_unknown_board(self, database: Database) -> None:
        with database.writing() as work:
            image = an_image(work)
            with pytest.raises(NotFound):
                work.images.put(attrs.evolve(image, board_id=BoardId("none")))

    def test_removed_images_are_gone(self, database: Database) -> None:
        with database.writing() as work:
            gone, kept = an_image(work, metadata={}), an_image(work)
            work.images.remove([gone.image_name, UNKNOWN])

            assert list(work.images.find_many(_names([gone, kept]))) == [kept]

    def test_a_board_loses_the_cover_that_goes(self, database: Database) -> None:
        with database.writing() as work:
            image = an_image(work)
            board = a_board(work, cover_image_name=image.image_name)
            other = a_board(work, cover_image_name=ImageName("other.png"))
            work.images.remove([image.image_name])

            assert work.boards.get(board.board_id).cover_image_name is None
            assert work.boards.get(other.board_id) == other

    def test_metadata_and_workflow_come_back_as_they_were_stored(self, database: Database) -> None:
        metadata = {"prompt": "é\u0000\ud800", "nested": [{"b": 1, "a": None}, 1.5, True]}
        workflow = {"nodes": {"中": [1]}}
        with database.writing() as work:
            image = an_image(work, metadata=metadata, workflow=workflow)

        with database.reading() as work:
            assert work.images.metadata(image.image_name) == metadata
            assert work.images.workflow(image.image_name) == workflow

    def test_an_image_without_metadata_and_workflow_has_none(self, database: Database) -> None:
        with database.writing() as work:
            image = an_image(work)

            assert work.images.metadata(image.image_name) is None
            assert work.images.workflow(image.image_name) is None

    def test_metadata_of_an_unknown_image_is_not_found(self, database: Database) -> None:
        with database.reading() as work:
            with pytest.raises(NotFound):
                work.images.metadata(UNKNOWN)
            with pytest.raises(NotFound):
                work.images.workflow(UNKNOWN)

    def test_a_list_without_a_board_is_of_ones_own_images(self, database: Database) -> None:
        with database.writing() as work:
            administrator = an_administrator(work)
            shared = a_board(work, visibility=Visibility.SHARED)
            an_image(work)
            an_image(work, board=shared)
            on_none = an_image(work, administrator)
            on_board = an_image(work, administrator, shared)

            query = ImageQuery(descending=False)
            _require_found(work, a_principal(administrator), query, [on_none, on_board])

    def test_all_that_one_may_see_is_own_granted_and_open(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            hidden, granted = a_board(work), a_board(work)
            a_grant(work, granted, user)
            an_image(work)
            an_image(work, board=hidden)
            expected = [
                an_image(work, user),
                an_image(work, user, hidden),
                an_image(work, board=granted),
                an_image(work, board=a_board(work, visibility=Visibility.SHARED)),
                an_image(work, board=a_board(work, visibility=Visibility.PUBLIC)),
                an_image(work, board=a_board(work, user)),
            ]

            _require_found(work, a_principal(user), EVERY, expected)

    def test_an_administrator_may_see_every_image(self, database: Database) -> None:
        with database.writing() as work:
            images = [an_image(work), an_image(work, board=a_board(work))]

            _require_found(work, a_principal(an_administrator(work)), EVERY, images)

    def test_a_board_is_listed_whoever_owns_its_images(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)
            user = a_user(work)
            a_grant(work, board, user)
            an_image(work, user)
            an_image(work, user, a_board(work))
            images = [an_image(work, board=board), an_image(work, board=board, owner=a_user(work))]

            query = ImageQuery(board_id=board.board_id, descending=False)
            _require_found(work, a_principal(user), query, images)

    def test_a_hidden_board_lists_ones_own_images_alone(self, database: Database) -> None:
        with database.writing() as work:
            board, user = a_board(work), a_user(work)
            an_image(work, board=board)
            own = an_image(work, user, board)

            _require_found(work, a_principal(user), ImageQuery(board_id=board.board_id), [own])

    def test_uncategorised_images_are_those_on_no_board(self, database: Database) -> None:
        with database.writing() as work:
            user = a_user(work)
            an_image(work, user, a_board(work, user))
            other = an_image(work)
            own = an_image(work, user)

            query = ImageQuery(uncategorised=True)
            _require_found(work, a_principal(user), query, [own])
            visible = attrs.evolve(query, scope=ImageScope.VISIBLE, descending=False)
            _require_found(work, a_principal(user), visible, [own])
            _require_found(work, INTERNAL, visible, [other, own])

    def test_a_list_keeps_to_categories(self, database: Database) -> None:
        with database.writing() as work:
            images = {category: an_image(work, category=category) for category in ImageCategory}

            wanted = [ImageCategory.MASK, ImageCategory.OTHER]
            query = attrs.evolve(EVERY, categories=wanted)
            _require_found(work, INTERNAL, query, [images[category] for category in wanted])
            _require_found(work, INTERNAL, attrs.evolve(EVERY, categories=[]), [])

    def test_a_list_keeps_intermediate_images_apart(self, database: Database) -> None:
        with database.writing() as work:
            plain, intermediate = an_image(work), an_image(work, is_intermediate=True)

            for wanted, expected in (
                (None, [plain, intermediate]),
                (True, [intermediate]),
                (False, [plain]),
            ):
                query = attrs.evolve(EVERY, is_intermediate=wanted)
                _require_found(work, INTERNAL, query, expected)

    @pytest.mark.parametrize(
        "search",
        [
            *("a RED", "étoile RED", "ETOILE", "FOUND me", "100%", "2026-03-01", "2026-03", "2026"),
            *("meadow", "lora", "23", "euler", "Grace", "grace red", "中", "eto*", "gra*"),
        ],
    )
    def test_images_are_found_by_words_of_prompt_model_person_name_and_day(
        self, database: Database, search: str
    ) -> None:
        with database.writing() as work:
            other = a_user(work, display_name="Gracie Hopper")
            metadata: dict[str, Any] = {
                "positive_prompt": "a blue square",
                "negative_prompt": search,
            }
            an_image(work, other, metadata=metadata, created_at=NOON + timedelta(days=400))
            found = an_image(
                work,
                a_user(work, display_name="Gracie Étoile" if "*" in search else "Grace Étoile"),
                image_name="found-me.png",
                metadata={
                    "positive_prompt": "a red étoile at 100% 中文",
                    "model": {"key": "k-1", "name": "Meadow XL"},
                    "loras": [{"model": {"name": "Some Lora"}, "weight": 1}],
                    "scheduler": "euler",
                    "seed": 23,
                },
            )
            if search == "gra*":
                work.users.put(attrs.evolve(other, display_name="Hopper"))

            _require_found(work, INTERNAL, attrs.evolve(EVERY, search=search), [found])

    @pytest.mark.parametrize("search", ["red circle", "re", "blue", "red*blue", "@o", "quick"])
    def test_an_image_needs_every_word_of_a_search(self, database: Database, search: str) -> None:
        with database.writing() as work:
            an_image(work, metadata={"positive_prompt": "a red square", "note": "blue quick"})

            _require_found(work, INTERNAL, attrs.evolve(EVERY, search=search), [])

    def test_a_search_without_words_is_none(self, database: Database) -> None:
        with database.writing() as work:
            image = an_image(work)

            _require_found(work, INTERNAL, attrs.evolve(EVERY, search="  !* "), [image])

    def test_the_best_matches_come_first(self, database: Database) -> None:
        with database.writing() as work:
            prompts = [
                *("a red circle", "circle in red", "red circles", "a red circle on red", "reddish"),
            ]
            images = [
                an_image(work, metadata={"positive_prompt": prompt, "model": "Red Circle"})
                for prompt in prompts
            ]

            query = attrs.evolve(EVERY, search="red circle")
            expected = [images[place] for place in (0, 3, 1, 2, 4)]
            _require_found(work, INTERNAL, query, expected)
            newest = [images[place] for place in (3, 0, 1, 2, 4)]
            _require_found(work, INTERNAL, attrs.evolve(query, descending=True), newest)
            begun = [images[place] for place in (0, 1, 2, 3, 4)]
            _require_found(work, INTERNAL, attrs.evolve(query, search="re* ci*"), begun)

    def test_starred_matches_come_first_if_wished(self, database: Database) -> None:
        with database.writing() as work:
            red, red_star = {"positive_prompt": "red"}, {"model": "red"}
            images = [
                an_image(work, metadata=red_star if starred else red, starred=starred)
                for starred in (False, True, False)
            ]

            query = attrs.evolve(EVERY, search="red", starred_first=True)
            _require_found(work, INTERNAL, query, [images[1], images[0], images[2]])
            query = attrs.evolve(query, starred_first=False)
            _require_found(work, INTERNAL, query, [images[0], images[2], images[1]])

    def test_only_the_newest_matches_are_ranked(self, database: Database) -> None:
        with database.writing() as work:
            images = [
                an_image(work, metadata={"positive_prompt": f"red {'red' if n else 'circle'}"})
                for n in range(4)
            ]
            query = attrs.evolve(EVERY, search="red circle", most=3)
            for search, expected in (("red", images[1:]), ("red circle", images[:1])):
                query = attrs.evolve(query, search=search)
                page = work.images.list_visible(INTERNAL, query)
                names = work.images.names_visible(INTERNAL, query)

                is_cut = search == "red"
                assert (list(page.items), page.total) == (expected, len(expected))
                assert page.total_is_lower_bound is is_cut
                assert list(names.image_names) == _names(expected)
                assert names.total_is_lower_bound is is_cut

    def test_a_search_keeps_to_what_else_is_asked_for(self, database: Database) -> None:
        with database.writing() as work:
            user, red = a_user(work), {"positive_prompt": "red"}
            board, shared = a_board(work, user), a_board(work, visibility=Visibility.SHARED)
            a_grant(work, granted := a_board(work), user)
            hidden = an_image(work, metadata=red)
            own = an_image(work, user, metadata=red)
            mask = an_image(work, user, metadata=red, category=ImageCategory.MASK)
            middle = an_image(work, user, metadata=red, is_intermediate=True)
            on_board = an_image(work, user, board, metadata=red)
            on_shared = an_image(work, board=shared, metadata=red, created_at=NOON + SECOND)
            on_granted = an_image(work, board=granted, metadata=red, created_at=NOON - SECOND)

            asked = attrs.evolve(EVERY, search="red")
            for changes, expected in (
                ({}, [on_granted, own, mask, middle, on_board, on_shared]),
                ({"scope": ImageScope.OWN}, [own, mask, middle, on_board]),
                ({"uncategorised": True}, [own, mask, middle]),
                ({"board_id": board.board_id}, [on_board]),
                ({"board_id": hidden.board_id or BoardId("none")}, []),
                ({"owner_id": shared.owner_id}, [on_shared]),
                ({"owner_id": hidden.owner_id}, []),
                ({"categories": [ImageCategory.MASK]}, [mask]),
                ({"categories": []}, []),
                ({"is_intermediate": True}, [middle]),
                ({"since": NOON}, [own, mask, middle, on_board, on_shared]),
                ({"until": NOON}, [on_granted]),
            ):
                query = attrs.evolve(asked, **changes)
                _require_found(work, a_principal(user), query, expected)
            _require_found(work, INTERNAL, attrs.evolve(asked, owner_id=hidden.owner_id), [hidden])

    def test_an_image_is_found_where_it_is_now(self, database: Database) -> None:
        with database.writing() as work:
            image = an_image(work, board=a_board(work), metadata={"positive_prompt": "red"})
            heir, board = a_user(work), a_board(work)
            moved = attrs.evolve(
                image,
                owner_id=heir.user_id,
                board_id=board.board_id,
                category=ImageCategory.MASK,
                is_intermediate=True,
            )
            work.images.put(moved)

            for query, expected in (
                (ImageQuery(board_id=board.board_id), [moved]),
                (ImageQuery(board_id=image.board_id), []),
                (attrs.evolve(EVERY, owner_id=heir.user_id), [moved]),
                (attrs.evolve(EVERY, owner_id=image.owner_id), []),
                (
                    attrs.evolve(EVERY, categories=[ImageCategory.MASK], is_intermediate=True),
                    [moved],
                ),
                (attrs.evolve(EVERY, categories=[ImageCategory.GENERAL]), []),
            ):
                _require_found(work, INTERNAL, query, expected)
                _require_found(work, INTERNAL, attrs.evolve(query, search="red"), expected)
            work.images.remove([moved.image_name])
            _require_found(work, INTERNAL, attrs.evolve(EVERY, search="red"), [])

    def test_a_list_keeps_to_a_person(self, database: Database) -> None:
        with database.writing() as work:
            user, other = a_user(work), a_user(work)
            shared = a_board(work, visibility=Visibility.SHARED)
            an_image(work, user)
            an_image(work, user, shared)
            an_image(work, other)
            seen = an_image(work, other, shared)

            query = attrs.evolve(EVERY, owner_id=other.user_id)
            _require_found(work, a_principal(user), query, [seen])
            on_board = attrs.evolve(query, board_id=shared.board_id)
            _require_found(work, a_principal(user), on_board, [seen])
            _require_found(work, INTERNAL, on_board, [seen])
            assert work.images.list_visible(INTERNAL, query).total == 2
            for nowhere in ({"scope": ImageScope.OWN}, {"uncategorised": True}):
                _require_found(work, a_principal(user), attrs.evolve(query, **nowhere), [])

    @pytest.mark.parametrize("model", ["Meadow XL", "meadow xl", "k-1"])
    def test_a_list_keeps_to_a_model(self, database: Database, model: str) -> None:
        with database.writing() as work:
            found = an_image(work, metadata={"model": {"key": "k-1", "name": "Meadow XL"}})
            an_image(work, metadata={"model": "Meadow", "positive_prompt": "meadow xl k 1"})

            _require_found(work, INTERNAL, attrs.evolve(EVERY, model=model), [found])
            both = attrs.evolve(EVERY, model=model, search="square")
            _require_found(work, INTERNAL, both, [])

    def test_a_list_keeps_to_times(self, database: Database) -> None:
        with database.writing() as work:
            images = [an_image(work, created_at=NOON + number * SECOND) for number in range(4)]

            query = attrs.evolve(EVERY, since=NOON + SECOND, until=NOON + 3 * SECOND)
            _require_found(work, INTERNAL, query, images[1:3])
            some = work.images.list_visible(INTERNAL, attrs.evolve(query, most=1))
            assert (some.total, some.total_is_lower_bound) == (1, True)
            starred = attrs.evolve(query, starred_first=True, descending=True)
            _require_found(work, INTERNAL, starred, [images[2], images[1]])

    @pytest.mark.parametrize("starred_first", [False, True])
    @pytest.mark.parametrize("descending", [False, True])
    @pytest.mark.parametrize("search", [None, "red"])
    def test_a_cursor_goes_on_where_a_page_ended(
        self, database: Database, search: str | None, descending: bool, starred_first: bool
    ) -> None:
        with database.writing() as work:
            user = a_user(work)
            places = [None, a_board(work, user), a_board(work, visibility=Visibility.PUBLIC)]
            for number in range(12):
                an_image(
                    work,
                    user if number % 3 < 2 else None,
                    places[number % 3],
                    metadata={"positive_prompt": "red" if number % 5 else "reds", "model": "red"},
                    starred=number in {2, 3, 8, 9},
                    category=ImageCategory.MASK if number % 4 == 1 else ImageCategory.GENERAL,
                    created_at=NOON + (number % 4) * SECOND,
                )
            query = ImageQuery(
                scope=ImageScope.VISIBLE,
                search=search,
                descending=descending,
                starred_first=starred_first,
            )
            who = a_principal(user)
            every = list(work.images.list_visible(who, query).items)

            for limit in (1, 3, 4, 12):
                found: list[Image] = []
                stretch = attrs.evolve(query, limit=limit)
                for _ in range(20):
                    page = work.images.list_visible(who, stretch)
                    found += page.items
                    assert page.total == 12
                    if page.next_cursor is None:
                        break
                    stretch = attrs.evolve(stretch, after=Position.of_cursor(page.next_cursor))
                assert found == every
            for offset in range(13):
                part = work.images.list_visible(who, attrs.evolve(query, offset=offset, limit=5))
                assert list(part.items) == every[offset : offset + 5]
                assert part.total == 12

    def test_the_kept_counts_are_right(self, database: Database) -> None:
        with database.writing() as work:
            image, gone = an_image(work, board=a_board(work)), an_image(work)
            work.images.put(attrs.evolve(image, starred=True, size_bytes=7))
            work.images.remove([gone.image_name])

            assert work.images.miscounted() == work.images.recount() == 0
            work.images.rebuild_search()
            _require_found(work, INTERNAL, EVERY, [work.images.get(image.image_name)])

    def test_images_come_by_time_then_name_newest_first(self, database: Database) -> None:
        with database.writing() as work:
            old = an_image(work, image_name="c.png", created_at=NOON - SECOND)
            b, a = an_image(work, image_name="b.png"), an_image(work, image_name="a.png")

            _require_found(work, INTERNAL, EVERY, [old, a, b])
            _require_found(work, INTERNAL, attrs.evolve(EVERY, descending=True), [b, a, old])

    def test_starred_images_come_first_if_wished(self, database: Database) -> None:
        with database.writing() as work:
            images = [an_image(work, starred=number in {1, 2}) for number in range(4)]

            query = attrs.evolve(EVERY, starred_first=True)
            expected = [images[1], images[2], images[0], images[3]]
            _require_found(work, INTERNAL, query, expected)
            newest = [images[2], images[1], images[3], images[0]]
            _require_found(work, INTERNAL, attrs.evolve(query, descending=True), newest)

    def test_a_page_of_images_knows_their_total(self, database: Database) -> None:
        with database.writing() as work:
            images = [an_image(work) for _ in range(5)]
            query = attrs.evolve(EVERY, offset=1, limit=2)

            page = work.images.list_visible(INTERNAL, query)
            names = work.images.names_visible(INTERNAL, query)

            assert list(page.items) == images[1:3]
            assert (page.offset, page.limit, page.total) == (1, 2, 5)
            assert list(names.image_names) == _names(images)

    def test_images_on_a_board_come_ordered_by_name(self, database: Database) -> None:
        with database.writing() as work:
            board = a_board(work)
            an_image(work)
            second = an_image(work, a_user(work), board, image_name="b.png")
            first = an_image(work, board=board, image_name="a.png", is_intermediate=True)

            assert list(work.images.on_board(board.board_id)) == [first, second]
            assert len(work.images.on_board(board.board_id, limit=1)) == 1

    def test_images_of_an_owner_come_ordered_by_name(self, database: Database) -> None:
        with database.writing() as work:
            owner = a_user(work)
            an_image(work)
            second = an_image(work, owner, image_name="b.png")
            first = an_image(work, owner, a_board(work), image_name="a.png")

            assert list(work.images.owned_by(owner.user_id)) == [first, second]

    def test_some_of_an_owners_images_are_no_more_than_asked_for(self, database: Database) -> None:
        with database.writing() as work:
            owner = a_user(work)
            mine = [an_image(work, owner) for _ in range(5)]
            an_image(work, a_user(work))

            some = work.images.owned_by(owner.user_id, limit=3)
            assert len(some) == 3
            assert {i.image_name for i in some} < {i.image_name for i in mine}
            assert len(work.images.owned_by(owner.user_id, limit=9)) == 5

    def test_images_are_counted_and_their_sizes_added(self, database: Database) -> None:
        with database.writing() as work:
            owner, guest = a_user(work), a_user(work)
            board = a_board(work, owner)
            an_image(work, owner, size_bytes=2**33)
            an_image(work, owner, board, size_bytes=10, is_intermediate=True)
            an_image(work, guest, board, size_bytes=100)
            an_image(work, guest, size_bytes=1000)

            for usage, images, size_bytes in (
                (work.images.usage(), 4, 2**33 + 1110),
                (work.images.usage(owner_id=owner.user_id), 2, 2**33 + 10),
                (work.images.usage(board_id=board.board_id), 2, 110),
                (work.images.usage(owner_id=guest.user_id, board_id=board.board_id), 1, 100),
                (work.images.usage(owner_id=a_user(work).user_id), 0, 0),
            ):
                assert usage == ImageUsage(images=images, size_bytes=size_bytes)
