"""The contract suite of password hashers, and hashers that are broken on purpose."""

import hashlib
import threading
import time
import unicodedata

from invoke_core.ports.hashing import PasswordHasher, Verdict

__all__ = ["BROKEN_HASHERS", "SOUND_HASHER", "PasswordHasherContract"]

LONG = "Aa1" + "x" * 69  # 72 bytes: where bcrypt cuts
NOT_HASHES = ("", "x", "$2b$12$short", "$bcrypt-sha256$v=2,t=2b,r=4$zz", "plain text", "\0", "é")


class PasswordHasherContract:
    """What every password hasher does; a subclass provides `hasher`, as cheap as it can be."""

    def test_the_password_matches_its_hash(self, hasher: PasswordHasher) -> None:
        assert hasher.verify("Right1234", hasher.hash("Right1234")) == Verdict(matches=True)

    def test_another_password_does_not_match(self, hasher: PasswordHasher) -> None:
        made = hasher.hash("Right1234")

        for other in ("right1234", "Right1234 ", " Right1234", "Right123", "Right12345", ""):
            assert not hasher.verify(other, made).matches

    def test_every_hash_has_a_salt_of_its_own(self, hasher: PasswordHasher) -> None:
        assert hasher.hash("Right1234") != hasher.hash("Right1234")

    def test_no_password_is_cut_short(self, hasher: PasswordHasher) -> None:
        made = hasher.hash(LONG + "1")

        assert hasher.verify(LONG + "1", made).matches
        assert not hasher.verify(LONG + "2", made).matches
        assert not hasher.verify(LONG, made).matches

    def test_a_nul_is_a_character_like_others(self, hasher: PasswordHasher) -> None:
        made = hasher.hash("Right\0one1")

        assert hasher.verify("Right\0one1", made).matches
        assert not hasher.verify("Right\0two2", made).matches

    def test_passwords_of_1024_characters_of_four_bytes_are_taken(
        self, hasher: PasswordHasher
    ) -> None:
        password = "\N{GRINNING FACE}" * 1024

        assert hasher.verify(password, hasher.hash(password)).matches

    def test_the_unicode_form_does_not_matter(self, hasher: PasswordHasher) -> None:
        composed, decomposed = (unicodedata.normalize(f, "Grüße1é") for f in ("NFC", "NFD"))

        assert hasher.verify(decomposed, hasher.hash(composed)).matches
        assert hasher.verify(composed, hasher.hash(decomposed)).matches

    def test_what_is_no_hash_never_matches(self, hasher: PasswordHasher) -> None:
        for text in NOT_HASHES:
            assert hasher.verify("Right1234", text) == Verdict(matches=False)
            assert hasher.verify(text, text) == Verdict(matches=False)

    def test_nobody_never_matches(self, hasher: PasswordHasher) -> None:
        for password in ("Right1234", "", "\0", "None"):
            assert hasher.verify(password, None) == Verdict(matches=False)

    def test_nobody_costs_the_time_of_a_wrong_password(self, hasher: PasswordHasher) -> None:
        made = hasher.hash("Right1234")
        hasher.verify("Wrong1234", None)  # whatever is made once is made now

        wrong = _least_seconds(hasher, made)
        nobody = _least_seconds(hasher, None)

        assert nobody > wrong / 2

    def test_impossible_passwords_match_nothing(self, hasher: PasswordHasher) -> None:
        made = hasher.hash("Right1234")

        for password in ("\ud800", "Right1234\udfff", "x" * 100_000):
            assert hasher.verify(password, made) == Verdict(matches=False)
            assert hasher.verify(password, None) == Verdict(matches=False)

    def test_a_hash_made_now_asks_for_no_upgrade(self, hasher: PasswordHasher) -> None:
        assert not hasher.verify("Right1234", hasher.hash("Right1234")).needs_upgrade

    def test_a_fingerprint_follows_the_hash(self, hasher: PasswordHasher) -> None:
        one, two = hasher.hash("Right1234"), hasher.hash("Right1234")

        assert hasher.fingerprint(one) == hasher.fingerprint(one)
        assert (
            len({hasher.fingerprint(one), hasher.fingerprint(two), hasher.fingerprint(None)}) == 3
        )
        assert one not in hasher.fingerprint(one)

    def test_threads_do_not_disturb_each_other(self, hasher: PasswordHasher) -> None:
        made = {password: hasher.hash(password) for password in ("One12345", "Two12345")}
        wrong: list[str] = []

        def compare(password: str) -> None:
            for other, password_hash in made.items():
                if hasher.verify(password, password_hash).matches != (password == other):
                    wrong.append(password)

        threads = [threading.Thread(target=compare, args=(p,)) for p in list(made) * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert wrong == []


def _least_seconds(hasher: PasswordHasher, password_hash: str | None) -> float:
    """Return the processor time of the quickest of five comparisons, which others disturbed least."""
    taken = []
    for _ in range(5):
        begun = time.thread_time()
        hasher.verify("Wrong1234", password_hash)
        taken.append(time.thread_time() - begun)
    return min(taken)


class _Sound:
    """A quick hasher that keeps the contract, for the broken ones to break one claim each."""

    rounds = 2000
    _counter = 0

    def salt(self) -> str:
        _Sound._counter += 1
        return f"{_Sound._counter:016x}"

    def form(self, password: str) -> str:
        return unicodedata.normalize("NFC", password)

    def bytes_of(self, password: str) -> bytes:
        return self.form(password).encode()

    def _digest(self, password: str, salt: str) -> str:
        derived = hashlib.pbkdf2_hmac("sha256", self.bytes_of(password), salt.encode(), self.rounds)
        return f"test${salt}${derived.hex()}"

    def hash(self, password: str) -> str:
        return self._digest(password, self.salt())

    def verify(self, password: str, password_hash: str | None) -> Verdict:
        usable = len(password) < 10_000 and not any("\ud800" <= c <= "\udfff" for c in password)
        parts = (password_hash or "").split("$")
        if not usable or len(parts) != 3:
            self.refuse()
            return Verdict(matches=False)
        return Verdict(matches=self._digest(password, parts[1]) == password_hash)

    def refuse(self) -> None:
        self._digest("", "nobody")

    def fingerprint(self, password_hash: str | None) -> str:
        return hashlib.sha256((password_hash or "").encode()).hexdigest()[:32]


class _NoSalt(_Sound):
    def salt(self) -> str:
        return "always"


class _CutAt72(_Sound):
    def bytes_of(self, password: str) -> bytes:
        return super().bytes_of(password)[:72]


class _EndsAtNul(_Sound):
    def bytes_of(self, password: str) -> bytes:
        return super().bytes_of(password).partition(b"\0")[0]


class _NoNormalForm(_Sound):
    def form(self, password: str) -> str:
        return password


class _IgnoresCase(_Sound):
    def form(self, password: str) -> str:
        return super().form(password).lower()


class _RaisesForNoHash(_Sound):
    def verify(self, password: str, password_hash: str | None) -> Verdict:
        if password_hash is not None and password_hash.count("$") != 2:
            raise ValueError("no hash")
        return super().verify(password, password_hash)


class _NobodyIsEverybody(_Sound):
    def verify(self, password: str, password_hash: str | None) -> Verdict:
        if password_hash is None:
            self.refuse()
            return Verdict(matches=password == "None")  # noqa: S105 - a fault on purpose
        return super().verify(password, password_hash)


class _NobodyIsQuick(_Sound):
    rounds = 100_000

    def refuse(self) -> None:
        """Return at once."""


class _RaisesForSurrogates(_Sound):
    def verify(self, password: str, password_hash: str | None) -> Verdict:
        password.encode()
        return super().verify(password, password_hash)


class _AlwaysUpgrades(_Sound):
    def verify(self, password: str, password_hash: str | None) -> Verdict:
        verdict = super().verify(password, password_hash)
        return Verdict(matches=verdict.matches, needs_upgrade=verdict.matches)


class _SameFingerprint(_Sound):
    def fingerprint(self, password_hash: str | None) -> str:
        return "same"


class _Short(_Sound):
    def hash(self, password: str) -> str:
        if len(password.encode()) > 1024:
            raise ValueError("too long")
        return super().hash(password)


class _NeverMatches(_Sound):
    def verify(self, password: str, password_hash: str | None) -> Verdict:
        super().verify(password, password_hash)
        return Verdict(matches=False)


class _OfOneThread(_Sound):
    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def verify(self, password: str, password_hash: str | None) -> Verdict:
        verdict = super().verify(password, password_hash)
        return verdict if threading.get_ident() == self._thread else Verdict(matches=False)


SOUND_HASHER: type[PasswordHasher] = _Sound
"""Keeps the contract: what the broken ones would be without their fault."""

BROKEN_HASHERS: dict[str, type[PasswordHasher]] = {
    "test_the_password_matches_its_hash": _NeverMatches,
    "test_threads_do_not_disturb_each_other": _OfOneThread,
    "test_every_hash_has_a_salt_of_its_own": _NoSalt,
    "test_no_password_is_cut_short": _CutAt72,
    "test_a_nul_is_a_character_like_others": _EndsAtNul,
    "test_passwords_of_1024_characters_of_four_bytes_are_taken": _Short,
    "test_the_unicode_form_does_not_matter": _NoNormalForm,
    "test_another_password_does_not_match": _IgnoresCase,
    "test_what_is_no_hash_never_matches": _RaisesForNoHash,
    "test_nobody_never_matches": _NobodyIsEverybody,
    "test_nobody_costs_the_time_of_a_wrong_password": _NobodyIsQuick,
    "test_impossible_passwords_match_nothing": _RaisesForSurrogates,
    "test_a_hash_made_now_asks_for_no_upgrade": _AlwaysUpgrades,
    "test_a_fingerprint_follows_the_hash": _SameFingerprint,
}
"""For each claim of the suite a hasher that breaks it."""
