"""What a search of pictures finds, and which come first: one rule, whatever keeps them.

A picture has words: those of its prompt, and others: of its name, its model, its day. A search is a list of
terms; a picture is found if it, or its owner's name, has every one of them. Case and accents are folded.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from invoke_core.domain.identifiers import ImageName

MOST_MATCHES = 10_000  # of a search: the newest ones are ranked, and more are not counted
MAX_TERMS = 16  # of one search; the others are passed over
MAX_WORDS = 2000  # of one picture
MAX_WORD_CHARACTERS = 100

_PROMPTS = ("positive_prompt", "positive_style_prompt")
_SIMPLE = ("scheduler", "seed")
_DAY = re.compile(r"(?<!\d)(\d{4})-(\d{2})(?:-(\d{2}))?(?!\d)")
_PLAIN = re.compile(r"[0-9a-z]+")


def words(text: str) -> list[str]:
    """Return the words of a text: runs of letters and digits.

    Wide characters, of scripts that put no space between words, are words of their own.
    """
    if text.isascii():
        return [word[:MAX_WORD_CHARACTERS] for word in _PLAIN.findall(text.lower())]
    apart = unicodedata.normalize("NFKD", text)
    bare = "".join(char for char in apart if not unicodedata.combining(char))
    folded = unicodedata.normalize("NFC", bare.casefold())
    spaced = "".join(map(_spaced, folded))
    return [word[:MAX_WORD_CHARACTERS] for word in spaced.split()]


def _spaced(char: str) -> str:
    if not char.isalnum():
        return " "
    return f" {char} " if unicodedata.east_asian_width(char) in "WF" else char


@attrs.frozen
class Term:
    """A word that a picture must have, or the beginning of one."""

    word: str
    begins: bool = False

    def is_in(self, found: Iterable[str]) -> bool:
        """Return whether one of these words is the one."""
        if self.begins:
            return any(word.startswith(self.word) for word in found)
        return self.word in found


def terms(text: str) -> tuple[Term, ...]:
    """Return the terms of a search as a person typed it; a star at a word's end asks for its beginning.

    `2026-03-01` and `2026-03` stand for a day and a month.
    """
    found: dict[Term, None] = {}
    for part in _DAY.sub(lambda day: "".join(day.groups("")), text).split():
        *whole, last = words(part) or [""]
        found |= dict.fromkeys(map(Term, whole))
        if last:
            found[Term(last, begins=part.endswith("*"))] = None
    return tuple(found)[:MAX_TERMS]


def model_word(name_or_key: str) -> str:
    """Return the word by which pictures of a model are found: nobody can type it."""
    return f"@m{name_or_key[:MAX_WORD_CHARACTERS].casefold().encode('utf-8', 'replace').hex()}"


@attrs.frozen(kw_only=True)
class PictureWords:
    """The words of a picture, as texts in which a database can look."""

    prompt: str  # each word with a space before and after it: " a red circle "; without words " "
    others: str  # with a space between words, and nothing around them

    def all(self) -> frozenset[str]:
        """Return every word."""
        return frozenset(f"{self.prompt} {self.others}".split())


def picture_words(
    image_name: ImageName, created_at: datetime, metadata: Mapping[str, Any] | None
) -> PictureWords:
    """Return the words of a picture.

    Args:
        image_name: its name.
        created_at: its day counts in UTC.
        metadata: how it was made, in InvokeAI's words; whatever else it holds is passed over.
    """
    known = metadata or {}
    prompt = [word for key in _PROMPTS for word in _words(known.get(key))]
    day = created_at.astimezone(UTC).date().isoformat().split("-")
    others = [*words(image_name.removesuffix(".png")), *("".join(day[:n]) for n in (1, 2, 3))]
    others += [word for key in _SIMPLE for word in _words(known.get(key))]
    for model in _models(known):
        others += [*_words(model), *([model_word(model)] if model else [])]
    return PictureWords(
        prompt=f" {' '.join(prompt[:MAX_WORDS])} " if prompt else " ",
        others=" ".join(list(dict.fromkeys(others))[:MAX_WORDS]),
    )


def _words(value: Any) -> list[str]:
    if isinstance(value, int) and not isinstance(value, bool):
        return [str(value)[:MAX_WORD_CHARACTERS]]
    return words(value) if isinstance(value, str) else []


def _models(metadata: Mapping[str, Any]) -> Iterable[str]:
    """Yield the names and keys of the model and of the LoRAs."""
    loras = metadata.get("loras")
    each = loras if isinstance(loras, list) else []
    held = [lora.get("model") for lora in each if isinstance(lora, Mapping)]
    for model in [metadata.get("model"), *held]:
        if isinstance(model, str):
            yield model
        elif isinstance(model, Mapping):
            for key in ("key", "name", "model_name"):
                if isinstance(model.get(key), str):
                    yield model[key]


IN_PROMPT, BEGINS_IN_PROMPT, ELSEWHERE = 4, 2, 1  # what a term counts by where it was found
SIDE_BY_SIDE = 2  # what each term counts more where all stand in the prompt as they were typed


def score(wanted: tuple[Term, ...], found: PictureWords) -> int:
    """Return how well a picture that was found fits: the higher, the better."""
    points = 0
    for term in wanted:
        if term.begins:
            points += BEGINS_IN_PROMPT if f" {term.word}" in found.prompt else ELSEWHERE
        else:
            points += IN_PROMPT if f" {term.word} " in found.prompt else ELSEWHERE
    together = phrase(wanted)
    if together is not None and together in found.prompt:
        points += SIDE_BY_SIDE * len(wanted)
    return points


def phrase(wanted: tuple[Term, ...]) -> str | None:
    """Return what a prompt holds in which all the terms stand side by side; None where none can."""
    if len(wanted) < 2 or any(term.begins for term in wanted):
        return None
    return f" {' '.join(term.word for term in wanted)} "
