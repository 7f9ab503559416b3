"""The head of the audit log, kept in a file and in memory; and heads that are broken on purpose."""

import errno
import json
import logging
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from invoke_adapters.files import FileAuditHeads, stored_chain
from invoke_adapters.files import audit as files
from invoke_adapters.memory import MemoryAuditHeads
from invoke_core.domain.audit import Head
from invoke_core.errors import StorageFull, Unavailable
from invoke_core.testing.audit import HEAD_FAULTS, AuditHeadsContract, BrokenHeads
from invoke_core.testing.suites import fails, test_names


class TestFileAuditHeads(AuditHeadsContract):
    @pytest.fixture
    def heads(self, tmp_path: Path) -> FileAuditHeads:
        stored_chain(tmp_path)
        return FileAuditHeads(tmp_path)


class TestMemoryAuditHeads(AuditHeadsContract):
    @pytest.fixture
    def heads(self) -> MemoryAuditHeads:
        return MemoryAuditHeads()


class TestSoundHeads(AuditHeadsContract):
    @pytest.fixture
    def heads(self) -> BrokenHeads:
        return BrokenHeads("none")


def test_every_claim_on_heads_has_a_fault() -> None:
    assert set(HEAD_FAULTS) == test_names(AuditHeadsContract)


@pytest.mark.parametrize("name", HEAD_FAULTS)
def test_each_fault_of_heads_is_noticed(name: str) -> None:
    assert fails(AuditHeadsContract, name, lambda: {"heads": BrokenHeads(HEAD_FAULTS[name])})


def test_key_and_head_are_made_once_for_us_alone(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    barrier, chains = threading.Barrier(8), []

    def make() -> None:
        barrier.wait()
        chains.append(stored_chain(folder))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({chain.key for chain in chains}) == 1
    assert len(chains[0].key) >= 32
    assert chains[0].key.decode() not in repr(chains[0])
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert json.loads((folder / "audit-head.json").read_text()) == {"count": 0, "mac": ""}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    stored_chain(tmp_path)
    (tmp_path / "audit-key").chmod(mode)

    with pytest.raises(Unavailable, match="chmod 600"):
        stored_chain(tmp_path)


def test_a_damaged_key_is_refused_and_left_alone(tmp_path: Path) -> None:
    stored_chain(tmp_path)
    (tmp_path / "audit-key").write_text("short")

    with pytest.raises(Unavailable, match="damaged"):
        stored_chain(tmp_path)

    assert (tmp_path / "audit-key").read_text() == "short"


@pytest.mark.parametrize("content", ["", "x", "[]", "{}", '{"count": "x", "mac": ""}'])
def test_a_damaged_head_counts_as_gone_and_is_left_alone(tmp_path: Path, content: str) -> None:
    stored_chain(tmp_path)
    heads = FileAuditHeads(tmp_path)
    (tmp_path / "audit-head.json").write_text(content)

    heads.advance(Head(1, "one"), lambda head: True)

    assert heads.load() is None
    assert (tmp_path / "audit-head.json").read_text() == content


def test_a_head_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    stored_chain(tmp_path)
    (tmp_path / "audit-head.json").unlink()

    FileAuditHeads(tmp_path).advance(Head(1, "one"), lambda head: True)
    stored_chain(tmp_path)

    assert FileAuditHeads(tmp_path).load() is None


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(Unavailable, match="audit-key"):
        stored_chain(tmp_path / "file" / "secrets")


def full(*arguments: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_makes_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.os, "fsync", full)

    with pytest.raises(StorageFull):
        stored_chain(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [".audit-key.lock"]


def test_a_head_that_cannot_be_written_lags_and_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stored_chain(tmp_path)
    heads = FileAuditHeads(tmp_path)
    with monkeypatch.context() as patched, caplog.at_level(logging.WARNING, "invoke.audit"):
        patched.setattr(files.os, "fsync", full)
        heads.advance(Head(1, "one"), lambda head: True)
    assert heads.load() == Head()
    assert "could not be written" in caplog.text

    heads.advance(Head(2, "two"), lambda head: True)

    assert heads.load() == Head(2, "two")
