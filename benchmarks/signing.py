"""Whether forged and foreign tokens are refused, and what a rotation ends: `python -m benchmarks.signing`.

Controls C10, C11 and C13: a million spoiled tokens, ten thousand hostile key ids, two hundred sessions
through a rotation and a revocation. The tests run the same with counts that take seconds.
"""

import base64
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from invoke_adapters.pyjwt.key_file import KeyFile, KeyFileCodec
from invoke_adapters.system import SystemClock, SystemRandomness
from invoke_core.domain.identifiers import SessionId
from invoke_core.domain.tokens import Claims
from invoke_core.errors import Unauthenticated
from invoke_core.ports.tokens import TokenCodec
from invoke_core.testing.fakes import FixedClock
from invoke_core.testing.signing_keys import MONTH
from invoke_core.testing.tokens import some_claims

SPOILED = 1_000_000
KEY_IDS = 10_000
SESSIONS = 200
_HOSTILE = (
    "../" * 9 + "etc/passwd", "/dev/zero", "file:///etc/passwd", "' OR '1'='1", "1; DROP TABLE users --",
    "\0", "%00", "${jndi:ldap://x}", "🔑", "x" * 1_000_000, "null", "*", "", " ", "__proto__",
)  # fmt: skip


def key_ids(count: int, rng: random.Random) -> Iterator[object]:
    """Yield key ids that are none of ours: paths, statements, a megabyte, other types."""
    for number in range(count):
        kind = rng.choice(_HOSTILE) if number >= len(_HOSTILE) else _HOSTILE[number]
        yield rng.choice([f"{kind}{number}", kind, [kind[:50]], {"kid": number}, number, None])


def with_key_id(token: str, key_id: object) -> str:
    """Return the token with another key id in its header."""
    header, payload, signature = token.split(".")
    fields = json.loads(base64.urlsafe_b64decode(header + "=="))
    spoiled = json.dumps({**fields, "kid": key_id}).encode()
    return f"{base64.urlsafe_b64encode(spoiled).decode().rstrip('=')}.{payload}.{signature}"


def spoiled(token: str, rng: random.Random) -> str:
    """Return another text than the token: characters changed, parts moved, doubled or cut off."""
    parts = token.split(".")
    while True:
        match rng.randrange(6):
            case 0:
                place = rng.randrange(len(token))
                text = token[:place] + chr(rng.randrange(1, 0x2FF)) + token[place + 1 :]
            case 1:
                text = token[: rng.randrange(len(token))]
            case 2:
                text = ".".join(rng.choices(parts, k=rng.randrange(6)))
            case 3:
                place = rng.randrange(len(token))
                text = token[:place] + rng.choice(["=", ".", "\n", " ", "\ud800"]) + token[place:]
            case 4:
                fields = [None, [], {}, "", -1, 1e400, True, "none", "HS256"]
                noise = json.dumps({rng.choice(["alg", "exp", "sub"]): rng.choice(fields)})
                part = base64.urlsafe_b64encode(noise.encode()).decode().rstrip("=")
                text = ".".join([part, *parts[1:]])
            case _:
                text = rng.randbytes(rng.randrange(200)).decode("latin-1")
        if text != token:
            return text


def accepted(codec: TokenCodec, texts: Iterator[str]) -> int:
    """Return how many texts are taken for tokens; any error but a refusal passes through."""
    count = 0
    for text in texts:
        try:
            codec.read(text)
        except Unauthenticated:
            continue
        count += 1
    return count


@attrs.frozen(kw_only=True)
class Rotation:
    """How many sessions counted after each step, and how long the last one took to be seen."""

    begun: int
    after_rotation: int
    after_revocation: int
    seconds: float


def rotate_and_revoke(folder: Path, sessions: int) -> Rotation:
    """Begin sessions, rotate the key and revoke the old one, beside a codec that has them all read."""
    path, clock = folder / "keys.json", SystemClock()
    server = KeyFileCodec(path, clock, SystemRandomness())
    keys = KeyFile(path, clock, SystemRandomness())
    now = clock.now().replace(microsecond=0)
    claims: Sequence[Claims] = [
        some_claims(session_id=SessionId(str(number)), issued_at=now, expires_at=now + MONTH)
        for number in range(sessions)
    ]
    tokens = [server.issue(each) for each in claims]
    begun = accepted(server, iter(tokens))
    (old,) = keys.list()
    keys.rotate(MONTH)
    after_rotation = accepted(server, iter(tokens))
    began = time.perf_counter()
    keys.revoke([old.key_id])
    after_revocation = accepted(server, iter(tokens))
    return Rotation(
        begun=begun,
        after_rotation=after_rotation,
        after_revocation=after_revocation,
        seconds=time.perf_counter() - began,
    )


def main() -> int:
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        codec = KeyFileCodec(Path(folder) / "keys.json", FixedClock(), SystemRandomness())
        token = codec.issue(some_claims())
        foreign = accepted(codec, (with_key_id(token, key) for key in key_ids(KEY_IDS, rng)))
        wrong = accepted(codec, (spoiled(token, rng) for _ in range(SPOILED)))
        rotation = rotate_and_revoke(Path(folder), SESSIONS)
    print("| what | figure |\n|---|---|")
    print(f"| {SPOILED:,} spoiled tokens | {wrong} accepted |")
    print(f"| {KEY_IDS:,} hostile key ids | {foreign} accepted |")
    print(f"| {rotation.begun} sessions after a rotation | {rotation.after_rotation} go on |")
    print(
        f"| {rotation.begun} sessions after a revocation | {rotation.after_revocation} go on,"
        f" seen within {rotation.seconds:.2f} s |"
    )
    good = (rotation.begun, rotation.after_rotation) == (SESSIONS, SESSIONS)
    return 0 if good and wrong == foreign == rotation.after_revocation == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
