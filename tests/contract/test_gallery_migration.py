"""Pictures that were there before counts and words were kept are counted and found afterwards."""

import importlib
import json
from pathlib import Path

import sqlalchemy as sa

from invoke_adapters.sql import image_search, open_database, upgrade
from invoke_core.domain.images import ImageQuery, ImageScope
from invoke_core.domain.principals import INTERNAL

COUNT = 7
OLDER = 2100  # more than one stretch
REVISION = importlib.import_module(
    "invoke_adapters.sql.migrations.versions.rev_0013_gallery", package=None
)


def _fill(url: str) -> None:
    """Keep pictures as the revision before did, some with texts that are no metadata."""
    engine = sa.create_engine(url)
    tables = sa.MetaData()
    tables.reflect(engine, only=["images", "image_texts"])
    with engine.begin() as connection:
        for number in range(COUNT):
            made = f"2026-03-01 12:00:0{COUNT - number}.000000"
            image = {
                "image_name": f"{number}.png",
                "owner_id": "system",
                "origin": "internal",
                "category": "general",
                "width": 64,
                "height": 64,
                "is_intermediate": number == 1,
                "starred": False,
                "has_workflow": False,
                "size_bytes": 10,
                "created_at": made,
                "updated_at": made,
            }
            prompt = json.dumps({"positive_prompt": f"a red circle number{number}"})
            texts = [prompt, None, "no JSON", "[1]"]
            text = {
                "image_name": f"{number}.png",
                "metadata": texts[number] if 0 < number < 4 else prompt,
                "search_text": "",
            }
            connection.execute(sa.insert(tables.tables["images"]), image)
            connection.execute(sa.insert(tables.tables["image_texts"]), text)
        # And many others, by one statement each.
        copies = ", ".join(
            "'older-' || n || '.png'" if name == "image_name" else name
            for name in tables.tables["images"].columns.keys()  # noqa: SIM118 - no mapping
        ).replace("created_at", "'2025-01-01 00:00:00.000000'")
        numbers = f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT {OLDER})"
        connection.exec_driver_sql(
            f"INSERT INTO images {numbers} SELECT {copies} FROM c, images"
            " WHERE image_name = '0.png'"
        )
        connection.exec_driver_sql(
            "INSERT INTO image_texts (image_name, metadata, search_text)"
            " SELECT image_name, '{\"positive_prompt\": \"blue\"}', '' FROM images"
            " WHERE image_name LIKE 'older-%'"
        )
    engine.dispose()


def test_what_was_there_before_is_counted_and_found(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/invoke.db"
    upgrade(url, to=REVISION.down_revision)
    _fill(url)

    upgrade(url)

    with open_database(url) as database, database.writing() as work:
        everything = ImageQuery(scope=ImageScope.VISIBLE, limit=100)
        assert work.images.list_visible(INTERNAL, everything).total == COUNT + OLDER
        assert work.images.usage().size_bytes == 10 * (COUNT + OLDER)
        assert work.images.recount() == 0
        query = ImageQuery(scope=ImageScope.VISIBLE, search="red circle")
        found = work.images.list_visible(INTERNAL, query)
        assert [image.image_name for image in found.items] == ["0.png", "4.png", "5.png", "6.png"]
        blue = ImageQuery(scope=ImageScope.VISIBLE, search="blue 2025", limit=1)
        assert work.images.list_visible(INTERNAL, blue).total == OLDER
        check = "INSERT INTO image_search (image_search, rank) VALUES ('integrity-check', 1)"
        work.connection.execute(sa.text(check))
        newest = ImageQuery(scope=ImageScope.VISIBLE, search="red", most=1)
        assert work.images.list_visible(INTERNAL, newest).items[0].image_name == "0.png"


def test_the_index_of_words_is_asked_by_the_expression_that_it_was_made_of() -> None:
    source = Path(str(REVISION.__file__)).read_text()

    assert image_search.VECTOR.replace("image_words.", "") in source
