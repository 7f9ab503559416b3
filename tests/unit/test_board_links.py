from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoke_core.domain.audit import AuditAction, AuditQuery
from invoke_core.domain.board_links import LINK_LIFE, MAX_LINKS, cursor_of, place_of
from invoke_core.domain.boards import BoardQuery, Permission, Visibility
from invoke_core.domain.identifiers import BoardLinkId, ImageName
from invoke_core.domain.images import ImagePlace, ImageQuery
from invoke_core.domain.links import link_digest
from invoke_core.domain.principals import Principal, host_principal, link_holder
from invoke_core.domain.sign_in import Client
from invoke_core.errors import (
    Forbidden,
    Invalid,
    LinkLocked,
    NotFound,
    RuleViolation,
    TooMany,
)
from invoke_core.ports.storage import Rendition
from tests.unit.picture_world import PNG, World

SITE = "https://invoke.example.com"
PASSWORD = "open sesame"
AWAY = Client(address="203.0.113.9")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def owner(world: World) -> Principal:
    return world.person()


def test_a_link_shows_its_board_for_30_days(world: World, owner: Principal) -> None:
    board = world.board(owner, name="Shapes", description="All of them")
    image = world.image(owner, board)

    made = world.board_links.create(owner, board.board_id, site=SITE)

    token = made.url.removeprefix(f"{SITE}/links/")
    found = world.board_links.open(token, unlocked=None)
    assert (found.board, list(found.images), found.next_cursor) == (board, [image], None)
    assert found.link.expires_at == world.clock.now() + LINK_LIFE
    world.clock.advance(LINK_LIFE - timedelta(seconds=1))
    world.board_links.open(token, unlocked=None)
    world.clock.advance(1)
    with pytest.raises(NotFound):
        world.board_links.open(token, unlocked=None)


def test_only_the_digest_of_a_token_is_kept(world: World, owner: Principal) -> None:
    board = world.board(owner)
    token = world.linked(owner, board, password=PASSWORD)

    with world.database.reading() as work:
        kept = work.board_links.find(link_digest(token))
        recorded = [row.content for row in work.audit.rows(0)]

    assert token not in str(attrs.asdict(kept))
    assert not [row for row in recorded if token in row or PASSWORD in row]


@pytest.mark.parametrize(
    "end", [datetime(2026, 4, 1), datetime(2026, 3, 1, 12, tzinfo=UTC)], ids=["naive", "past"]
)
def test_an_end_lies_ahead_and_has_a_zone(world: World, owner: Principal, end: datetime) -> None:
    board = world.board(owner)

    with pytest.raises(Invalid) as caught:
        world.linked(owner, board, expires_at=end)

    assert caught.value.field == "expires_at"


@pytest.mark.parametrize("password", ["", "x" * 1025])
def test_a_password_has_1_to_1024_characters(world: World, owner: Principal, password: str) -> None:
    board = world.board(owner)

    with pytest.raises(Invalid):
        world.linked(owner, board, password=password)


def test_a_board_has_at_most_100_links(world: World, owner: Principal) -> None:
    board = world.board(owner)
    for _ in range(MAX_LINKS):
        world.linked(owner, board)

    with pytest.raises(RuleViolation):
        world.linked(owner, board)


def test_pictures_come_in_stretches_newest_first_and_each_once(
    world: World, owner: Principal
) -> None:
    board = world.board(owner)
    images = [world.image(owner, board) for _ in range(5)]
    world.image(owner, board, is_intermediate=True)
    token = world.linked(owner, board)

    walked, cursor = [], None
    while True:
        found = world.board_links.open(token, unlocked=None, cursor=cursor, limit=2)
        assert len(found.images) <= 2
        walked += found.images
        cursor = found.next_cursor
        if cursor is None:
            break

    assert walked == images[::-1]


@given(st.datetimes(timezones=st.just(UTC)), st.text())
def test_a_cursor_gives_its_place_back(at: datetime, name: str) -> None:
    place = ImagePlace(at, ImageName(name))

    assert place_of(cursor_of(place)) == place


@given(st.text())
def test_any_other_cursor_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        place_of(text)


def test_a_picture_leaves_the_link_with_the_board(world: World, owner: Principal) -> None:
    board = world.board(owner)
    image = world.image(owner, board)
    token = world.linked(owner, board)
    world.board_links.content(
        token, image.image_name, Rendition.THUMBNAIL, unlocked=None
    ).stream.close()

    world.images.move(owner, image.image_name, None)

    with pytest.raises(NotFound) as gone:
        world.board_links.content(token, image.image_name, Rendition.THUMBNAIL, unlocked=None)
    with pytest.raises(NotFound) as unknown:
        world.board_links.content(token, ImageName("unknown"), Rendition.FULL, unlocked=None)
    assert str(gone.value) == str(unknown.value).replace("unknown", image.image_name)
    assert list(world.board_links.open(token, unlocked=None).images) == []


def test_a_picture_elsewhere_is_unknown_to_the_holder(world: World, owner: Principal) -> None:
    open_to_all = world.board(owner, Visibility.PUBLIC)
    elsewhere = world.image(owner, open_to_all)
    token = world.linked(owner, world.board(owner))

    with pytest.raises(NotFound):
        world.board_links.content(token, elsewhere.image_name, Rendition.FULL, unlocked=None)


def test_how_it_was_made_is_shown_only_if_asked_for(world: World, owner: Principal) -> None:
    board = world.board(owner)
    said = '{"positive_prompt": "a secret"}'
    image = world.images.upload(
        owner, PNG, category="general", board_id=board.board_id, metadata=said
    )
    bare, telling = world.linked(owner, board), world.linked(owner, board, metadata=True)

    def full(token: str) -> bytes:
        content = world.board_links.content(token, image.image_name, Rendition.FULL, unlocked=None)
        with content.stream as stream:
            whole = stream.read()
        assert len(whole) == content.size
        return whole

    with world.storage.open(image.image_name, Rendition.FULL) as stream:
        stored = stream.read()
    assert b"a secret" in stored
    assert full(telling) == stored
    assert b"a secret" not in full(bare)
    assert world.files.codec.normalise(full(bare), {}).width == image.width
    found = world.board_links.metadata(telling, image.image_name, unlocked=None)
    assert found == {"positive_prompt": "a secret"}
    with pytest.raises(NotFound):
        world.board_links.metadata(bare, image.image_name, unlocked=None)


def test_a_password_comes_first(world: World, owner: Principal) -> None:
    board = world.board(owner)
    image = world.image(owner, board)
    token = world.linked(owner, board, password=PASSWORD)
    uses = [
        lambda shown: world.board_links.open(token, unlocked=shown),
        lambda shown: world.board_links.content(
            token, image.image_name, Rendition.FULL, unlocked=shown
        ),
        lambda shown: world.board_links.metadata(token, image.image_name, unlocked=shown),
    ]

    for use in uses:
        for shown in (None, "", PASSWORD, token):
            with pytest.raises(LinkLocked):
                use(shown)
    with pytest.raises(LinkLocked):
        world.board_links.unlock(AWAY, token, "open barley")
    proof = world.board_links.unlock(AWAY, token, PASSWORD)[1]

    assert world.board_links.open(token, unlocked=proof).board == board


def test_what_unlocks_one_link_unlocks_no_other(world: World, owner: Principal) -> None:
    board = world.board(owner)
    first = world.linked(owner, board, password=PASSWORD)
    second = world.linked(owner, board, password=PASSWORD)
    proof = world.board_links.unlock(AWAY, first, PASSWORD)[1]

    with pytest.raises(LinkLocked):
        world.board_links.open(second, unlocked=proof)


def test_wrong_passwords_are_throttled_and_written_down(world: World, owner: Principal) -> None:
    board = world.board(owner)
    token = world.linked(owner, board, password=PASSWORD)

    for _ in range(10):
        with pytest.raises(LinkLocked):
            world.board_links.unlock(AWAY, token, "open barley")
    with pytest.raises(TooMany):
        world.board_links.unlock(AWAY, token, PASSWORD)

    with world.database.reading() as work:
        query = AuditQuery(action=AuditAction.BOARD_LINK_UNLOCK_FAILED)
        assert len(work.audit.list(query)) >= 1


def test_a_link_that_is_taken_back_shows_nothing(world: World, owner: Principal) -> None:
    board = world.board(owner)
    token, other = world.linked(owner, board), world.linked(owner, board)
    link = world.board_links.open(token, unlocked=None).link

    world.board_links.remove(owner, board.board_id, link.link_id)

    with pytest.raises(NotFound):
        world.board_links.open(token, unlocked=None)
    world.board_links.open(other, unlocked=None)


def test_a_link_is_taken_back_on_its_own_board_alone(world: World, owner: Principal) -> None:
    board, another = world.board(owner), world.board(owner)
    token = world.linked(owner, board)
    link = world.board_links.open(token, unlocked=None).link

    for board_id, link_id in ((another.board_id, link.link_id), (board.board_id, "none")):
        with pytest.raises(NotFound):
            world.board_links.remove(owner, board_id, BoardLinkId(link_id))

    world.board_links.open(token, unlocked=None)


@pytest.mark.parametrize("loss", ["revoked", "lowered", "deactivated"])
def test_a_link_ends_when_its_maker_may_not_share_any_more(world: World, loss: str) -> None:
    owner, helper = world.person(), world.person()
    board = world.board(owner)
    world.grant(board, helper, Permission.ADMIN)
    token = world.linked(helper, board)
    world.board_links.open(token, unlocked=None)

    if loss == "revoked":
        world.boards.unshare(owner, board.board_id, helper.user_id)
    elif loss == "lowered":
        world.boards.share(
            owner, board.board_id, user_ids=[helper.user_id], permission=Permission.WRITE
        )
    else:
        with world.database.writing() as work:
            work.users.put(attrs.evolve(work.users.get(helper.user_id), is_active=False))

    with pytest.raises(NotFound):
        world.board_links.open(token, unlocked=None)
    assert [listed.works for listed in world.board_links.list(owner, board.board_id)] == [False]


def test_a_link_outlives_a_transfer_for_its_maker_keeps_admin(
    world: World, owner: Principal
) -> None:
    board, heir = world.board(owner), world.person()
    token = world.linked(owner, board)

    world.boards.transfer(owner, board.board_id, heir.user_id)

    world.board_links.open(token, unlocked=None)


def test_the_host_makes_links_too(world: World, owner: Principal) -> None:
    board = world.board(owner)

    token = world.linked(host_principal("operator"), board)

    assert world.board_links.open(token, unlocked=None).board == board


def test_links_that_expired_long_ago_are_forgotten(world: World, owner: Principal) -> None:
    board = world.board(owner)
    world.linked(owner, board)
    world.clock.advance(LINK_LIFE * 2)
    assert world.board_links.forget_expired() == 0

    world.clock.advance(1)

    assert world.board_links.forget_expired() == 1


def test_the_holder_of_a_link_may_do_nothing_else(world: World, owner: Principal) -> None:
    """Were a route to hand such a principal to other services, they would refuse it."""
    board = world.board(owner, Visibility.PUBLIC)
    image = world.image(owner, board)
    holder = link_holder(board.board_id)
    uses = [
        lambda: world.boards.create(holder, "Mine"),
        lambda: world.boards.list(holder, BoardQuery()),
        lambda: world.boards.shares(holder, board.board_id),
        lambda: world.images.upload(holder, PNG, category="general"),
        lambda: world.images.list(holder, ImageQuery()),
        lambda: world.images.delete(holder, image.image_name),
        lambda: world.board_links.create(holder, board.board_id, site=SITE),
        lambda: world.access.of_board(holder, board.board_id),
    ]

    for use in uses:
        with pytest.raises(Forbidden):
            use()
