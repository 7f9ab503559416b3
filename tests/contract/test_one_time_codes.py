import base64
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from invoke_adapters.passlib_totp import PasslibOneTimeCodes, SealFile
from invoke_core.errors import Unavailable
from invoke_core.ports.one_time_codes import OneTimeCodes
from invoke_core.testing.builders import NOON
from invoke_core.testing.fakes import FakeRandomness
from invoke_core.testing.one_time_codes import (
    BROKEN_CODES,
    SOUND_CODES,
    OneTimeCodesContract,
    code_at,
)

KEYS = {"1": "k" * 43}


class TestPasslibOneTimeCodes(OneTimeCodesContract):
    @pytest.fixture
    def codes(self) -> OneTimeCodes:
        return PasslibOneTimeCodes(lambda: KEYS)


class TestSoundCodes(OneTimeCodesContract):
    @pytest.fixture
    def codes(self) -> OneTimeCodes:
        return SOUND_CODES()


CLAIMS = [name for name in dir(OneTimeCodesContract) if name.startswith("test_")]


@pytest.mark.parametrize("claim", CLAIMS)
def test_each_claim_is_broken_by_codes_made_for_it(claim: str) -> None:
    with pytest.raises(Exception):  # noqa: B017 - whatever the fault leads to
        getattr(OneTimeCodesContract(), claim)(BROKEN_CODES[claim]())


# RFC 6238, appendix B
SEEDS = {"sha1": b"1234567890" * 2, "sha256": b"1234567890" * 4, "sha512": b"1234567890" * 7}
LENGTHS = {"sha1": 20, "sha256": 32, "sha512": 64}
VECTORS = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]
CASES = [
    (seconds, algorithm, code)
    for seconds, *codes in VECTORS
    for algorithm, code in zip(("sha1", "sha256", "sha512"), codes, strict=True)
]


@pytest.mark.parametrize(("seconds", "algorithm", "code"), CASES)
def test_the_vectors_of_rfc_6238(seconds, algorithm, code):
    codes = PasslibOneTimeCodes(lambda: KEYS, digits=8, algorithm=algorithm)
    secret = base64.b32encode(SEEDS[algorithm][: LENGTHS[algorithm]]).decode().rstrip("=")
    plain = json.dumps(
        {"v": 1, "type": "totp", "key": secret, "digits": 8, "period": 30, "alg": algorithm}
    )
    now = datetime.fromtimestamp(seconds, UTC)

    assert codes.match(plain, code, now) == seconds // 30
    assert codes.match(plain, f"{(int(code) + 1) % 10**8:08}", now) is None


def test_a_secret_opens_under_its_own_key_alone():
    sealed = PasslibOneTimeCodes(lambda: KEYS).new_secret()
    later = PasslibOneTimeCodes(lambda: {**KEYS, "2": "n" * 43})

    code = code_at(later.reveal(sealed), NOON)
    assert later.match(sealed, code, NOON) is not None
    with pytest.raises(Unavailable):
        PasslibOneTimeCodes(lambda: {"2": "n" * 43}).match(sealed, code, NOON)


class TestSealFile:
    def test_it_is_made_once_and_for_us_alone(self, tmp_path):
        path = tmp_path / "secrets" / "seal.json"

        keys = SealFile(path, FakeRandomness(1))()

        assert path.stat().st_mode & 0o777 == 0o600
        assert SealFile(path, FakeRandomness(2))() == keys
        assert [*path.parent.iterdir()] == [path]

    def test_of_many_who_make_it_all_get_the_same(self, tmp_path):
        files = [SealFile(tmp_path / "seal.json", FakeRandomness(n)) for n in range(20)]

        with ThreadPoolExecutor(20) as pool:
            found = list(pool.map(lambda file: file(), files))

        assert all(keys == found[0] for keys in found)

    def test_a_file_that_others_can_read_is_refused(self, tmp_path):
        path = tmp_path / "seal.json"
        SealFile(path, FakeRandomness())()
        path.chmod(0o640)

        with pytest.raises(Unavailable, match="chmod 600"):
            SealFile(path, FakeRandomness())()

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"1": "short"}', '{"a": "%s"}' % ("k" * 43)])
    def test_a_damaged_file_is_refused(self, tmp_path, text):
        path = tmp_path / "seal.json"
        path.touch(mode=0o600)
        path.write_text(text)

        with pytest.raises(Unavailable, match="damaged"):
            SealFile(path, FakeRandomness())()
