"""The words: a tokenizer of our own, and a text encoder that knows what captions mean.

A text encoder trained through the image model alone stays mute for most of the run: its first
outputs are all alike, so the image model learns to ignore them, so nothing pulls them apart. Ours is
first taught, in a minute, to say the object's colour, shape, size and ground, and then kept as it is.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from torch import nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from training import draw, journal
from training.rates import rate

LENGTH: Final = 32  # tokens of a prompt, start and end included; our captions have at most 14
WIDTH: Final = 64  # numbers to a token
START, END = "<|startoftext|>", "<|endoftext|>"
UNNAMED: Final = "thing"  # the word for an object whose shape is left open
COLOUR_NAMES: Final = (*draw.COLOURS, "")
SHAPE_NAMES: Final = (*draw.SHAPES, UNNAMED, "")
GROUND_NAMES: Final = tuple(draw.GROUNDS)
SIZE_NAMES: Final = tuple(draw.RADII)
WORDS: Final = (
    *draw.COLOURS, *draw.SHAPES, UNNAMED, "white", "black", "gray", "grey", "light", "small",
    "large", "a", "an", "the", "of", "on", "in", "background", "photo", "picture", "drawing",
)  # fmt: skip

Labels = tuple[int, int, int, int]  # colour, shape, ground, size


def write_tokenizer(folder: Path) -> None:
    """Write a byte-level tokenizer in which each word of our captions is one token.

    Any other text is spelled out in bytes, so that no prompt is an error.
    """
    folder.mkdir(parents=True, exist_ok=True)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(
        vocab_size=5000, min_frequency=0, end_of_word_suffix="</w>", show_progress=False
    )
    learner.train_from_iterator(WORDS, trainer)
    merges = json.loads(learner.to_str())["model"]["merges"]
    tokens = [*letters, *(letter + "</w>" for letter in letters)]
    tokens += ["".join(pair) for pair in merges]
    tokens = [*dict.fromkeys(tokens), START, END]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    pairs = [tuple(pair) for pair in merges]
    special = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": END}
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=pairs, model_max_length=LENGTH, **special)
    tokenizer.save_pretrained(folder)
    # Loaders older than tokenizer.json read these two.
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False) + "\n")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in pairs)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n")


def tokenizer_in(folder: Path) -> CLIPTokenizer:
    """Return the tokenizer that was written to the folder."""
    tokenizer: CLIPTokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    return tokenizer


def tokens(tokenizer: CLIPTokenizer, captions: Sequence[str]) -> torch.Tensor:
    """Return the captions' token numbers, (captions, 32), int64, padded as the pipeline does."""
    encoded = tokenizer(
        list(captions),
        padding="max_length",
        max_length=LENGTH,
        truncation=True,
        return_tensors="pt",
    )
    ids: torch.Tensor = encoded.input_ids
    return ids


def new_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Return an untrained text encoder of a tenth of a million weights."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=LENGTH,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    encoder = CLIPTextModel(config)
    for name, weights in encoder.named_parameters():
        # The usual 0.02 makes all words look alike to so small a model.
        if name.endswith("token_embedding.weight"):
            nn.init.normal_(weights, std=0.5)
        elif name.endswith("position_embedding.weight"):
            nn.init.normal_(weights, std=0.15)
    return encoder


def any_caption(scene: draw.Scene, rng: np.random.Generator) -> tuple[str, Labels]:
    """Say the scene, often freely: in another order, or leaving the colour or the shape open."""
    colour, shape, ground, size = scene.colour, scene.shape, scene.ground, scene.size
    if rng.random() < 0.6:
        return draw.caption(scene, rng), labels(colour, shape, ground, size)
    if rng.random() < 0.05:
        return "", labels("", "", "white", "medium")
    colour = "" if rng.random() < 0.15 else colour
    shape = UNNAMED if rng.random() < 0.15 else shape
    words = [size if size != "medium" else "", colour, shape]
    thing = " ".join(word for word in words if word)
    if rng.random() < 0.5:
        thing = ("an " if thing[0] == "o" else rng.choice(["a ", "the "])) + thing
    behind = "grey" if ground == "gray" and rng.random() < 0.5 else ground
    if ground == "white" and rng.random() < 0.5:
        return thing, labels(colour, shape, ground, size)
    forms = ["{0} on a {1} background", "{0}, {1} background", "{0} on {1}", "{0} in {1}"]
    forms += ["on a {1} background, {0}", "on a {1} background {0}", "{1} background, {0}"]
    return str(rng.choice(forms)).format(thing, behind), labels(colour, shape, ground, size)


def labels(colour: str, shape: str, ground: str, size: str) -> Labels:
    """Return the numbers that the text encoder is taught to say."""
    return (
        COLOUR_NAMES.index(colour),
        SHAPE_NAMES.index(shape),
        GROUND_NAMES.index(ground),
        SIZE_NAMES.index(size),
    )


class Heads(nn.Module):
    """Linear readers of a token's state: colour, shape, ground and size."""

    def __init__(self) -> None:
        super().__init__()
        names = (COLOUR_NAMES, SHAPE_NAMES, GROUND_NAMES, SIZE_NAMES)
        self.readers = nn.ModuleList(nn.Linear(WIDTH, len(n)) for n in names)

    def forward(self, states: torch.Tensor) -> list[torch.Tensor]:
        """Return one tensor of scores for each reader, from states of (..., 64)."""
        return [reader(states) for reader in self.readers]


def train(folder: Path, steps: int) -> None:
    """Write the tokenizer, teach the text encoder, and leave it in the folder's `text.pt`."""
    if (state := journal.load(folder / "text.pt")) and state["step"] >= steps:
        return
    write_tokenizer(folder / "tokenizer")
    tokenizer = tokenizer_in(folder / "tokenizer")
    torch.manual_seed(2)
    encoder, heads = new_encoder(tokenizer), Heads()
    parameters = [*encoder.parameters(), *heads.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.01)
    scenes = draw.training_scenes()
    for step in range(steps):
        rng = np.random.default_rng((2, step))
        said = [any_caption(scenes[i], rng) for i in rng.integers(len(scenes), size=64)]
        ids = tokens(tokenizer, [caption for caption, _ in said])
        wanted = torch.tensor([label for _, label in said])
        states = encoder(ids).last_hidden_state
        # The end mark and all padding after it have read the whole caption; each must know it.
        ended = (ids == tokenizer.eos_token_id).nonzero()
        states = states[ended[:, 0], ended[:, 1]]
        # What can still be read through noise lies well apart.
        scores = heads(states + 0.5 * torch.randn_like(states))
        targets = wanted[ended[:, 0]]
        losses = [functional.cross_entropy(s, targets[:, i]) for i, s in enumerate(scores)]
        loss = torch.stack(losses).sum()
        for group in optimiser.param_groups:
            group["lr"] = rate(step, steps, 2e-3)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        if (step + 1) % 100 == 0 or step + 1 == steps:
            understood = understanding(encoder, heads, tokenizer)
            journal.log(folder, "text", step=step + 1, loss=round(loss.item(), 4), **understood)
    journal.save(folder / "text.pt", {"model": encoder.state_dict(), "step": steps})


@torch.no_grad()
def understanding(
    encoder: CLIPTextModel, heads: Heads, tokenizer: CLIPTokenizer
) -> dict[str, float]:
    """Return the part of held-back captions from which colour, shape, ground, size are read."""
    asked = draw.held_back_captions(192)
    ids = tokens(tokenizer, [caption for _, caption in asked])
    states = encoder(ids).last_hidden_state[:, -1]
    truth = torch.tensor([labels(s.colour, s.shape, s.ground, s.size) for s, _ in asked])
    rights = [(s.argmax(1) == truth[:, i]) for i, s in enumerate(heads(states))]
    names = ("colour", "shape", "ground", "size")
    return {n: round(r.float().mean().item(), 3) for n, r in zip(names, rights, strict=True)}
