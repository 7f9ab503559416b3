"""The process that reads pictures from outside: `python -m invoke_adapters.pillow.decoder`.

It has no secrets, may use so much memory, may open and write nothing, and is killed when a picture takes it
too long. What a hostile file can break is this process, which is replaced.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Mapping
from typing import Any

from invoke_adapters.pillow import _pictures
from invoke_adapters.pillow._frames import LENGTHS, frame
from invoke_core.errors import TooLarge, Unsupported

_OPEN_FILES = 16
_NICENESS = 10  # pictures wait rather than requests


def main(max_pixels: int, memory: int, seconds: float) -> None:
    """Answer one frame after another until standard input closes.

    Args:
        max_pixels: of an upload.
        memory: bytes of address space that this process may have.
        seconds: after which a job that nobody waits for any more ends the process.
    """
    _warm_up()
    _bind(memory)
    source, sink = os.dup(0), os.dup(1)
    os.dup2(2, 1)  # whatever a library prints is no frame
    with os.fdopen(source, "rb") as requests, os.fdopen(sink, "wb", buffering=0) as answers:
        _send(answers, {"ready": os.getpid()})
        while lengths := requests.read(LENGTHS.size):
            words, body = LENGTHS.unpack(lengths)
            asked = json.loads(requests.read(words))
            content = requests.read(body)
            # Also where the server was killed meanwhile: the default action ends this process.
            signal.setitimer(signal.ITIMER_REAL, seconds)
            _answer(answers, asked, content, max_pixels)
            del content
            signal.setitimer(signal.ITIMER_REAL, 0)


def _answer(answers: Any, asked: Mapping[str, Any], content: bytes, max_pixels: int) -> None:
    try:
        match asked["do"]:
            case "normalise":
                image, texts = _pictures.read(content, asked["texts"], max_pixels)
                # Two frames: what a file does to its reader has a limit of its own; writing so many
                # pixels merely takes a while.
                _send(answers, {"width": image.width, "height": image.height, "texts": dict(texts)})
                _send(answers, {}, _pictures.written(image, texts))
            case "decode":
                pixels = _pictures.decode(content)
                _send(answers, {"width": pixels.width, "height": pixels.height}, pixels.rgb)
            case _:
                _send(answers, {}, _pictures.thumbnail(content))
    except TooLarge as error:
        _send(answers, {"too_large": str(error)})
    except Unsupported as error:
        _send(answers, {"unsupported": str(error)})
    except MemoryError:
        _send(answers, {"too_large": "The picture needs more memory than this server gives one."})


def _send(answers: Any, words: dict[str, Any], body: bytes = b"") -> None:
    for piece in frame(words, body):
        view = memoryview(piece)
        while view:
            view = view[answers.write(view) :]


def _warm_up() -> None:
    """Do everything once, so that no later job opens a file."""
    first = _pictures.normalise(_pictures.a_pixel(), {}, 1)
    _pictures.thumbnail(first.png)


def _bind(memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # pipes are none
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))  # no process or thread of its own
    os.nice(_NICENESS)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
