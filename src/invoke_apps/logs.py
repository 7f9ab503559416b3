"""Where the log goes: for people on the console, one JSON object a line in the file."""

import json
import logging
import logging.handlers
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from invoke_apps.printable import printable
from invoke_apps.settings import Settings

MAX_BYTES = 20 * 2**20
KEPT_FILES = 5

_STANDARD = set(logging.makeLogRecord({}).__dict__) | {
    "message",
    "asctime",
    "taskName",
    "color_message",
}


_encode = json.JSONEncoder(default=str).encode


class JsonLines(logging.Formatter):
    """One JSON object a line; control characters in texts stay escaped, so that a line is a record."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON, its `extra` members included."""
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry.update((key, value) for key, value in record.__dict__.items() if key not in _STANDARD)
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return _encode(entry)


class ConsoleLines(logging.Formatter):
    """Time, level where it matters, message; control characters escaped."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line, with its traceback below."""
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        level = "" if record.levelno == logging.INFO else f"{record.levelname} "
        line = f"{at} {level}{printable(record.getMessage())}"
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return line


def start_logging(settings: Settings) -> None:
    """Send the log to standard error and to the log file, which is turned over at 20 MiB.

    Raises:
        OSError: the file cannot be written.
    """
    root = logging.getLogger()
    root.setLevel(settings.log_level.upper())
    console = logging.StreamHandler(sys.stderr)
    console.setFormatter(JsonLines() if settings.log_format == "json" else ConsoleLines())
    handlers: list[logging.Handler] = [console]
    if settings.log_file is not None:
        handlers.append(_file_handler(settings.path(settings.log_file)))
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    for handler in handlers:
        root.addHandler(handler)
    if settings.log_level != "debug":  # every request is a line in the file, and only there
        console.addFilter(lambda record: record.name != "invoke.access")
        for chatty in ("uvicorn", "alembic", "PIL", "asyncio", "httpx"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.captureWarnings(True)


class _LogFile(logging.handlers.RotatingFileHandler):
    """A log file that is turned over by the line after the one that fills it.

    Its parent formats every line twice and asks for the path, to turn over one line sooner: that costs
    more than writing the line, and every request writes one.
    """

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802
        stream = self.stream  # None after a turn that failed
        return stream is not None and os.fstat(stream.fileno()).st_size >= self.maxBytes


def _file_handler(path: Path) -> logging.Handler:
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = _LogFile(path, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8")
    handler.setFormatter(JsonLines())
    return handler
