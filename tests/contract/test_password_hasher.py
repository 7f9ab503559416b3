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
