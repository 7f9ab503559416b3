"""A large server's boards and pictures, made up: 2,000 boards, 500 people, and as many pictures as wished.

It is the same on every machine. Rows are written in bulk, straight into SQLite, through the schema of the
server; the pictures have no files.
"""

import itertools
import json
import random
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import attrs
import sqlalchemy as sa

from invoke_adapters.passlib_bcrypt import PasslibBcryptHasher
from invoke_adapters.sql import image_counts, schema, upgrade
from invoke_core.domain.boards import Board, Grant, Permission, Visibility
from invoke_core.domain.identifiers import BoardId, ImageName, UserId
from invoke_core.domain.search import picture_words
from invoke_core.domain.users import User, email_identity, search_text

T = TypeVar("T")

PEOPLE = 500
BOARDS = 2_000
STRETCH = 10_000
PROLIFIC = 150  # the number of somebody who has 77 of ten thousand pictures, more than anybody else
PASSWORD = "Correct-Horse-7-Battery"  # everybody's
BEGAN = datetime(2023, 1, 1, tzinfo=UTC)
TIME = timedelta(days=3 * 365)

_FIRST = [
    "Ada",
    "Ben",
    "Cleo",
    "Dan",
    "Eva",
    "Finn",
    "Gia",
    "Hugo",
    "Ida",
    "Jon",
    "Kim",
    "Lea",
    "Max",
    "Nia",
    "Otto",
    "Pia",
    "Quin",
    "Ria",
    "Sam",
    "Tom",
]
_LAST = [
    "Abel",
    "Berg",
    "Cole",
    "Dorn",
    "Egan",
    "Falk",
    "Gray",
    "Holt",
    "Iyer",
    "Jung",
    "Kane",
    "Lund",
    "Moor",
    "Nash",
    "Orr",
    "Penn",
    "Quist",
    "Roth",
    "Stone",
    "Tran",
    "Ueda",
    "Voss",
    "Wolf",
    "Young",
    "Zeh",
]
_THINGS = [
    "portrait",
    "castle",
    "lighthouse",
    "forest",
    "city",
    "harbour",
    "dragon",
    "robot",
    "teapot",
    "mountain",
    "garden",
    "fox",
    "owl",
    "whale",
    "violin",
    "bicycle",
    "spaceship",
    "bridge",
    "library",
    "kitchen",
    "desert",
    "waterfall",
    "knight",
    "astronaut",
    "cathedral",
    "market",
]
_LOOKS = [
    "red",
    "blue",
    "green",
    "golden",
    "silver",
    "misty",
    "ancient",
    "tiny",
    "giant",
    "glowing",
    "wooden",
    "crystal",
    "rusty",
    "quiet",
    "stormy",
    "sunlit",
    "frozen",
    "ornate",
    "abandoned",
    "floating",
]
_STYLES = [
    "oil painting",
    "watercolour",
    "35mm photograph",
    "pencil sketch",
    "isometric render",
    "low poly",
    "studio lighting",
    "cinematic light",
    "art nouveau poster",
    "pixel art",
    "long exposure",
    "macro photograph",
]
_RARE = [
    f"{a}{b}{c}" for a in ("bel", "dor", "fen", "mar", "tel") for b in "aeiou" for c in "lmnrst"
]
_MODELS = ["Meadow XL", "Harbour 1.5", "Flint", "Demo Shapes", "Northlight", "Umbra"]
_CATEGORIES = {"general": 85, "user": 8, "control": 4, "mask": 2, "other": 1}


@attrs.frozen(kw_only=True)
class DataSet:
    """Where the data lies, and whom to ask as."""

    root: Path
    images: int
    administrator: str  # e-mail addresses
    person: str
    person_id: UserId
    board_id: BoardId  # one of the person's, with many pictures
    word: str  # that some thousands of pictures have


def data_set(folder: Path, images: int) -> DataSet:
    """Return the data set of so many pictures, made where the folder does not hold it yet."""
    root = folder / f"gallery-{images}"
    done, path = root / "made.json", root / "databases" / "invokeai.db"
    people, boards = _people(), _boards()
    person = people[PROLIFIC]
    if not done.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        upgrade(f"sqlite:///{path}")
        (root / "invokeai.yaml").write_text("multiuser: true\nworkers: external\n")
        _write(path, people, boards, images)
        done.write_text("{}\n")
    return DataSet(
        root=root,
        images=images,
        administrator=people[0].email,
        person=person.email,
        person_id=person.user_id,
        board_id=_fullest(path, person.user_id),
        word=_THINGS[0],
    )


def _fullest(path: Path, owner_id: UserId) -> BoardId:
    query = (
        "SELECT b.board_id FROM boards AS b JOIN images AS i ON i.board_id = b.board_id"
        " WHERE b.owner_id = ? AND i.is_intermediate = 0 GROUP BY 1 ORDER BY count(*) DESC, 1"
    )
    connection = sqlite3.connect(path)
    try:
        (board_id,) = connection.execute(query, [owner_id]).fetchone()
    finally:
        connection.close()
    return BoardId(board_id)


def _identifier(rng: random.Random) -> str:
    text = f"{rng.getrandbits(128):032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _people() -> Sequence[User]:
    rng = random.Random("people")
    password_hash = PasslibBcryptHasher(rounds=4).hash(PASSWORD)
    return [
        User(
            user_id=UserId(_identifier(rng)),
            email=f"person{number}@example.com",
            display_name=f"{_FIRST[number % 20]} {_LAST[number // 20]}",
            password_hash=password_hash,
            is_admin=number == 0,
            is_active=True,
            created_at=BEGAN,
            updated_at=BEGAN,
        )
        for number in range(PEOPLE)
    ]


def _boards() -> Sequence[Board]:
    rng, people = random.Random("boards"), _people()
    kinds, shares = list(Visibility), (80, 12, 8)
    return [
        Board(
            board_id=BoardId(_identifier(rng)),
            owner_id=people[number % PEOPLE].user_id,
            name=f"{rng.choice(_LOOKS)} {rng.choice(_THINGS)}s {number}",
            visibility=rng.choices(kinds, shares)[0],
            archived=rng.random() < 0.05,
            created_at=(at := BEGAN + TIME * (number / BOARDS)),
            updated_at=at,
        )
        for number in range(BOARDS)
    ]


def _grants(people: Sequence[User], boards: Sequence[Board]) -> Sequence[Grant]:
    """Return the shares: most boards have none to five, and a few are shared with a whole team."""
    rng = random.Random("grants")
    grants = []
    for board in boards:
        count = 25 if rng.random() < 0.02 else min(int(rng.expovariate(0.5)), 5)
        for user in rng.sample(people, count):
            if user.user_id != board.owner_id:
                level = rng.choices(list(Permission)[:3], (50, 45, 5))[0]
                grants.append(
                    Grant(
                        board_id=board.board_id,
                        user_id=user.user_id,
                        permission=level,
                        granted_by=board.owner_id,
                        created_at=board.created_at,
                    )
                )
    return grants


def _write(path: Path, people: Sequence[User], boards: Sequence[Board], images: int) -> None:
    engine = sa.create_engine(f"sqlite:///{path}")
    grants = _grants(people, boards)
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        for pragma in ("synchronous = OFF", "journal_mode = MEMORY", "cache_size = -1000000"):
            driver.execute(f"PRAGMA {pragma}")
        connection.execute(
            sa.insert(schema.users),
            [
                {
                    **attrs.asdict(user),
                    "email_identity": email_identity(user.email),
                    "search_text": search_text(user),
                }
                for user in people
            ],
        )
        connection.execute(sa.insert(schema.boards), [attrs.asdict(board) for board in boards])
        connection.execute(sa.insert(schema.board_grants), [attrs.asdict(each) for each in grants])
        rows = _images(people, boards, grants, images)
        while stretch := list(itertools.islice(rows, STRETCH)):
            for table, each in zip(_TABLES, zip(*stretch, strict=True), strict=True):
                driver.executemany(_insertion(table), each)
            driver.execute(
                "INSERT INTO image_search (rowid, words) SELECT search_id, words"
                " FROM image_search_source"
                " WHERE search_id > (SELECT max(search_id) - ? FROM image_words)",
                [len(stretch)],
            )
            driver.commit()
        image_counts.recount(connection)
        connection.commit()
        driver.execute("PRAGMA journal_mode = WAL")
    engine.dispose()


_TABLES = (schema.images, schema.image_texts, schema.image_words)
Rows = tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]
"""A picture's row in each of these tables, in the order of its columns; the last numbers itself."""


def _insertion(table: sa.Table) -> str:
    places = ", ".join("?" * len(table.columns))
    return f"INSERT INTO {table.name} VALUES ({places})"


def _images(
    people: Sequence[User], boards: Sequence[Board], grants: Sequence[Grant], count: int
) -> Iterator[Rows]:
    """Yield pictures, the oldest first: most on a board of their owner's, some on others, some on none."""
    rng = random.Random("images")
    places: dict[UserId, list[BoardId]] = {user.user_id: [] for user in people}
    for board in boards:
        places[board.owner_id] += [board.board_id] * 5
    for grant in grants:
        if grant.permission >= Permission.WRITE:
            places[grant.user_id].append(grant.board_id)
    owners = [user.user_id for user in people]
    shares = list(itertools.accumulate(1 / (number % 50 + 5) for number in range(PEOPLE)))
    kinds = list(itertools.accumulate(_CATEGORIES.values()))
    for number in range(count):
        (owner_id,) = rng.choices(owners, cum_weights=shares)
        (category,) = rng.choices(list(_CATEGORIES), cum_weights=kinds)
        at = BEGAN + TIME * (number / count)
        board_id = _one_of(places[owner_id], rng) if rng.random() < 0.7 else None
        name = ImageName(f"{_identifier(rng)}.png")
        metadata = _metadata(rng)
        found = picture_words(name, at, metadata)
        made = at.replace(tzinfo=None).isoformat(" ", "microseconds")
        image = {
            "image_name": name,
            "owner_id": owner_id,
            "board_id": board_id,
            "origin": "internal" if category == "general" else "external",
            "category": category,
            "width": 1024,
            "height": 1024,
            "is_intermediate": board_id is None and rng.random() < 0.2,
            "starred": rng.random() < 0.02,
            "has_workflow": False,
            "size_bytes": 800_000 + int(rng.random() * 1_000_000),
            "run_id": None,
            "node_id": None,
            "created_at": made,
            "updated_at": made,
        }
        yield (
            tuple(image[column.name] for column in schema.images.columns),
            (name, json.dumps(metadata), None),
            (None, name, found.prompt, found.others),
        )


def _one_of(values: Sequence[T], rng: random.Random) -> T:
    return values[int(rng.random() * len(values))]


def _metadata(rng: random.Random) -> Mapping[str, Any]:
    model = _MODELS[int(rng.random() ** 2 * len(_MODELS))]
    thing = _THINGS[int(rng.random() ** 2 * len(_THINGS))]
    looks = [_one_of(_LOOKS, rng) for _ in range(3)]
    styles = [_one_of(_STYLES, rng) for _ in range(2)]
    prompt = (
        f"a {looks[0]} {looks[1]} {thing} near a {looks[2]} {_one_of(_THINGS, rng)},"
        f" {', '.join(styles)}, {_one_of(_RARE, rng)} {_one_of(_RARE, rng)}"
    )
    return {
        "generation_mode": "txt2img",
        "positive_prompt": prompt,
        "negative_prompt": "blurry, low quality",
        "width": 1024,
        "height": 1024,
        "seed": rng.getrandbits(32),
        "cfg_scale": 7.0,
        "steps": 30,
        "scheduler": "euler",
        "model": {"key": model.lower().replace(" ", "-"), "name": model, "base": "sdxl"},
    }
