import os
import subprocess
import sys
import threading

import bcrypt
import pytest

from invoke_adapters.passlib_bcrypt import PasslibBcryptHasher
from invoke_core.ports.hashing import PasswordHasher, Verdict
from invoke_core.testing.hashing import BROKEN_HASHERS, SOUND_HASHER, PasswordHasherContract


class TestPasslibBcryptHasher(PasswordHasherContract):
    @pytest.fixture
    def hasher(self) -> PasswordHasher:
        return PasslibBcryptHasher(rounds=4)


class TestSoundHasher(PasswordHasherContract):
    @pytest.fixture
    def hasher(self) -> PasswordHasher:
        return SOUND_HASHER()


CLAIMS = [name for name in dir(PasswordHasherContract) if name.startswith("test_")]


@pytest.mark.parametrize("claim", CLAIMS)
def test_each_claim_is_broken_by_a_hasher_made_for_it(claim: str) -> None:
    with pytest.raises(Exception):  # noqa: B017 - whatever the fault leads to
        getattr(PasswordHasherContract(), claim)(BROKEN_HASHERS[claim]())


class TestHashesOfOthers:
    @pytest.fixture
    def hasher(self) -> PasswordHasher:
        return PasslibBcryptHasher(rounds=4)

    def test_a_plain_bcrypt_hash_matches_and_asks_for_an_upgrade(self, hasher):
        for rounds in (4, 5):
            made = bcrypt.hashpw(b"Right1234", bcrypt.gensalt(rounds)).decode()

            assert hasher.verify("Right1234", made) == Verdict(matches=True, needs_upgrade=True)
            assert hasher.verify("Wrong1234", made) == Verdict(matches=False)

    @pytest.mark.parametrize("prefix", [b"2a", b"2b"])
    def test_every_prefix_of_plain_bcrypt_is_known(self, hasher, prefix):
        made = bcrypt.hashpw(b"Right1234", bcrypt.gensalt(4, prefix=prefix)).decode()

        assert hasher.verify("Right1234", made).matches

    def test_a_plain_hash_of_a_long_password_matches_as_others_cut_it(self, hasher):
        for password in ("Aa1" + "x" * 100, "Aa1" + "ä" * 100, "Aa12" + "\N{GRINNING FACE}" * 50):
            within_a_character = password.encode()[:72]
            before_it = within_a_character.decode(errors="ignore").encode()
            for cut in (within_a_character, before_it):
                made = bcrypt.hashpw(cut, bcrypt.gensalt(4)).decode()

                assert hasher.verify(password, made) == Verdict(matches=True, needs_upgrade=True)

    def test_a_plain_hash_matches_the_form_that_was_typed(self, hasher):
        made = bcrypt.hashpw("Gru\u0308ße1".encode(), bcrypt.gensalt(4)).decode()

        assert hasher.verify("Gru\u0308ße1", made).matches

    def test_a_plain_hash_never_matches_a_password_with_a_nul(self, hasher):
        made = bcrypt.hashpw(b"Right1234", bcrypt.gensalt(4)).decode()

        assert hasher.verify("Right1234\0", made) == Verdict(matches=False)

    def test_a_hash_of_another_cost_asks_for_an_upgrade(self, hasher):
        made = PasslibBcryptHasher(rounds=5).hash("Right1234")

        assert hasher.verify("Right1234", made) == Verdict(matches=True, needs_upgrade=True)


class CountingContext:
    """Stands where passlib does; tells how many passwords were compared at the same time."""

    def __init__(self, together):
        self.together = threading.Barrier(together)
        self.lock = threading.Lock()
        self.now = self.most = 0

    def identify(self, text):
        return "bcrypt"

    def needs_update(self, text):
        return False

    def verify(self, password, text):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.together.wait(60)  # nobody goes on before as many as may have come
        with self.lock:
            self.now -= 1
        return True


def test_a_burst_of_sign_ins_is_worked_off_a_few_at_a_time():
    hasher = PasslibBcryptHasher(rounds=4, at_once=2)
    hasher._context = CountingContext(together=2)

    threads = [
        threading.Thread(target=hasher.verify, args=("x", "$bcrypt-sha256$")) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert hasher._context.most == 2


def test_passlib_is_imported_with_the_first_password_only():
    code = """
import sys
from invoke_adapters.passlib_bcrypt import PasslibBcryptHasher
hasher = PasslibBcryptHasher(rounds=4)
assert "passlib" not in sys.modules
assert hasher.verify("Right1234", hasher.hash("Right1234")).matches
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, env=environment)
