"""Decoding in processes: the same answers, and what a hostile file can break is replaced."""

import io
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from invoke_adapters.pillow import PillowImageCodec, ProcessImageCodec
from invoke_core.errors import TooLarge, Unavailable, Unsupported
from invoke_core.ports.imaging import ImageCodec
from invoke_core.testing.imaging import ImageCodecContract, some_pixels
from invoke_core.testing.pictures import a_png, read_png
from tests.hostile_pictures import SECRET, a_file, corpus, located

PATIENCE = 60.0
PNG = a_png(4, 3, bytes(36))


@pytest.fixture(scope="module")
def shared() -> Iterator[ProcessImageCodec]:
    codec = ProcessImageCodec(processes=1)
    yield codec
    codec.close()


class TestProcessImageCodec(ImageCodecContract):
    @pytest.fixture
    def codec(self, shared: ProcessImageCodec) -> ImageCodec:
        return shared


def wait_until_gone(handle: int) -> None:
    """Wait for the end of the process behind a handle of `pidfd_open`, and close the handle."""
    assert select.select([handle], [], [], PATIENCE)[0]
    os.close(handle)


def test_both_codecs_store_the_same_bytes(shared: ProcessImageCodec) -> None:
    sent = a_file(Image.effect_noise((60, 40), 30).convert("RGB"), "JPEG")

    assert shared.normalise(sent, {"invokeai_metadata": "{}"}) == PillowImageCodec().normalise(
        sent, {"invokeai_metadata": "{}"}
    )


def test_nothing_starts_before_the_first_picture_and_the_process_stays_warm() -> None:
    codec = ProcessImageCodec(processes=2)
    try:
        assert codec.process_ids() == []
        codec.encode(some_pixels(4, 4), {})
        codec.preview(some_pixels(4, 4))
        assert codec.process_ids() == []

        codec.normalise(PNG, {})
        first = codec.process_ids()
        codec.thumbnail(codec.normalise(PNG, {}).png)

        assert codec.process_ids() == first
        assert len(first) == 1
    finally:
        codec.close()


def test_closing_ends_the_processes_and_refuses_from_then_on() -> None:
    codec = ProcessImageCodec(processes=1)
    codec.normalise(PNG, {})
    handle = os.pidfd_open(codec.process_ids()[0])

    codec.close()

    wait_until_gone(handle)
    with pytest.raises(Unavailable):
        codec.normalise(PNG, {})


def test_a_killed_server_leaves_no_decoder() -> None:
    program = (
        "import os, signal, sys\n"
        "from invoke_adapters.pillow import ProcessImageCodec\n"
        "from invoke_core.testing.pictures import a_png\n"
        "codec = ProcessImageCodec(processes=1)\n"
        "codec.normalise(a_png(4, 3, bytes(36)), {})\n"
        "print(codec.process_ids()[0], flush=True)\n"
        "sys.stdin.read()\n"
    )
    source = str(Path(__file__).parents[2] / "src")
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": source},
        text=True,
    ) as server:
        assert server.stdout is not None
        handle = os.pidfd_open(int(server.stdout.readline()))
        server.send_signal(signal.SIGKILL)

        wait_until_gone(handle)


def test_a_process_that_died_idle_is_replaced_unnoticed() -> None:
    codec = ProcessImageCodec(processes=1)
    try:
        codec.normalise(PNG, {})
        (first,) = codec.process_ids()
        handle = os.pidfd_open(first)
        os.kill(first, signal.SIGKILL)
        wait_until_gone(handle)

        assert read_png(codec.normalise(PNG, {}).png).values == bytes(36)
        assert codec.process_ids() != [first]
    finally:
        codec.close()


def test_a_picture_that_takes_too_long_costs_its_process_and_no_other_picture() -> None:
    codec = ProcessImageCodec(processes=1, seconds=1.0)
    try:
        codec.normalise(PNG, {})
        (first,) = codec.process_ids()
        os.kill(first, signal.SIGSTOP)  # as if it hung in native code

        with pytest.raises(Unsupported, match="too long"):
            codec.normalise(PNG, {})

        assert codec.normalise(PNG, {}).width == 4
        assert codec.process_ids() != [first]
        assert not Path(f"/proc/{first}").exists()
    finally:
        codec.close()


def test_a_process_that_dies_at_a_picture_refuses_that_picture_alone() -> None:
    codec = ProcessImageCodec(processes=1)
    try:
        codec.normalise(PNG, {})
        (first,) = codec.process_ids()
        os.kill(first, signal.SIGSTOP)
        # It dies while the picture waits for it, as of a fault in a library.
        killer = threading.Timer(0.2, os.kill, (first, signal.SIGKILL))
        killer.start()

        with pytest.raises(Unsupported):
            codec.normalise(PNG, {})
        killer.join()

        assert codec.normalise(PNG, {}).width == 4
    finally:
        codec.close()


def test_memory_has_an_end_and_the_next_picture_does_not_notice() -> None:
    large = io.BytesIO()
    Image.new("RGB", (6000, 6000)).save(large, "PNG")
    codec = ProcessImageCodec(processes=1, memory=128 * 2**20)
    try:
        with pytest.raises((TooLarge, Unsupported)):
            codec.normalise(large.getvalue(), {})

        assert codec.normalise(PNG, {}).width == 4
    finally:
        codec.close()


def test_a_decoder_has_limits_and_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVOKEAI_JWT_SECRET_KEY", "canary-of-the-environment")
    codec = ProcessImageCodec(processes=1)
    try:
        codec.normalise(PNG, {})
        (process,) = codec.process_ids()
        known = Path(f"/proc/{process}/environ").read_bytes()
        limits = Path(f"/proc/{process}/limits").read_text().splitlines()
        handles = list(Path(f"/proc/{process}/fd").iterdir())
    finally:
        codec.close()

    assert b"canary" not in known
    soft = {line[:25].strip(): line[26:].split()[0] for line in limits[1:]}
    assert soft["Max file size"] == soft["Max core file size"] == soft["Max processes"] == "0"
    assert soft["Max open files"] == "16"
    assert int(soft["Max address space"]) < 4 * 2**30
    assert len(handles) <= 6  # its pipes, twice, and standard error


def test_many_threads_share_few_processes() -> None:
    codec = ProcessImageCodec(processes=2)
    pictures = [a_png(4, 3, bytes([number]) * 36) for number in range(60)]
    try:
        with ThreadPoolExecutor(12) as pool:
            stored = list(pool.map(lambda png: codec.normalise(png, {}).png, pictures))

        assert [read_png(png).values[0] for png in stored] == list(range(60))
        assert len(codec.process_ids()) <= 2
    finally:
        codec.close()


def test_no_hostile_file_crashes_the_decoder_or_is_stored_as_it_was_sent(
    shared: ProcessImageCodec,
) -> None:
    shared.normalise(PNG, {})
    before = shared.process_ids()
    files = corpus()
    assert len(files) >= 60
    stored = 0

    for what, content in files.items():
        try:
            made = shared.normalise(content, {})
        except (Unsupported, TooLarge):
            continue
        stored += 1
        assert made.png != content, what
        assert SECRET not in made.png, what
        assert b"<script" not in made.png, what
        assert made.png.index(b"IEND") == len(made.png) - 8, what  # and nothing follows
        shared.thumbnail(made.png)

    assert stored >= 9  # the polyglots are pictures too
    assert shared.process_ids() == before  # not one of them had to be replaced


def test_no_picture_says_where_it_was_taken(shared: ProcessImageCodec) -> None:
    files = located()
    assert len(files) == 20

    for what, content in files.items():
        made = shared.normalise(content, {})
        small = shared.thumbnail(made.png)

        for kept in (made.png, small):
            assert SECRET not in kept, what
            with Image.open(io.BytesIO(kept)) as image:
                assert dict(image.getexif()) == {}, what
                assert not {"exif", "xmp", "icc_profile", "comment"} & image.info.keys(), what
