"""Who owns an image is asked in one place, which knows of transfers that are rewriting rows."""

import re
from pathlib import Path

import invoke_adapters.sql

# The latter count and walk rows as they stand, and add what `owners` says of them.
KNOWING = {
    *{"owners.py", "transfers.py", "transfer_lists.py"},
    *{"schema.py", "image_counts.py", "image_list_shapes.py", "image_list_statements.py"},
}
_RAW = re.compile(r"images\b(?:\.c)?\.owner_id|\b_images\.owner_id")


def test_no_query_asks_the_column_past_the_module_that_knows() -> None:
    folder = Path(invoke_adapters.sql.__file__).parent
    asking = {path.name for path in folder.glob("*.py") if _RAW.search(path.read_text())} - KNOWING

    assert asking == set()
