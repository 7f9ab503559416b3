"""The log file: one JSON object a line, turned over where it is full."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from invoke_apps import logs
from invoke_apps.logs import start_logging
from invoke_apps.settings import Settings


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    for handler in before[0]:
        root.removeHandler(handler)
    start_logging(Settings(root=tmp_path, log_file=Path("logs/server.log")))
    yield tmp_path / "logs" / "server.log"
    logging.captureWarnings(False)
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        handler.close()
    root.handlers[:], root.level = before


def test_a_record_is_one_line_of_json_whatever_it_holds(file: Path) -> None:
    logging.getLogger("invoke.test").info("one\ntwo\u2028%s", "three", extra={"path": Path("/p")})

    (line,) = file.read_text().splitlines()
    entry = json.loads(line)
    assert entry["message"] == "one\ntwo\u2028three"
    assert entry["path"] == "/p"
    assert entry["level"] == "info"


def test_a_full_file_is_turned_over(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (handler,) = [h for h in logging.getLogger().handlers if isinstance(h, logs._LogFile)]
    monkeypatch.setattr(handler, "maxBytes", 1000)
    said = [f"line {number} " + "x" * 200 for number in range(12)]

    for text in said:
        logging.getLogger("invoke.test").info(text)

    turned = sorted(file.parent.glob("server.log.*"), reverse=True)
    assert 1 < len(turned) <= logs.KEPT_FILES
    kept = "".join(path.read_text() for path in [*turned, file])
    assert [json.loads(line)["message"] for line in kept.splitlines()] == said


def test_what_has_no_size_is_never_turned_over(file: Path) -> None:
    handler = logs._file_handler(Path("/dev/null"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handler, "maxBytes", 1)
        handler.emit(logging.makeLogRecord({"msg": "gone"}))
        handler.emit(logging.makeLogRecord({"msg": "gone too"}))

    handler.close()
    assert Path("/dev/null").is_char_device()
