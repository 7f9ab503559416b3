"""`python -m training` makes the bundled model from nothing; see `--help`."""

import argparse
import os
import time
from pathlib import Path

import attrs

from training import decoder, export, journal, text, unet, vae
from training.team import train_together

HOME = Path(__file__).parents[1] / "src/invoke_adapters/diffusers/demo_shapes"


@attrs.frozen(kw_only=True)
class Lengths:
    """How many steps each part is trained."""

    text: int = 400
    vae: int = 1000
    sharpening: int = 400
    unet: int = 6000
    decoder: int = 600


QUICK = Lengths(text=20, vae=4, sharpening=2, unet=4, decoder=2)  # only to see that it runs


def make(folder: Path, lengths: Lengths, workers: int) -> None:
    """Train every part, in order; parts that are done already are left as they are."""
    started = time.monotonic()
    journal.log(folder, "start", workers=workers, **attrs.asdict(lengths))
    train_together(_text, 1, folder, lengths.text)
    train_together(vae.train, workers, folder, lengths.vae, lengths.sharpening)
    unet.cache_latents(folder)
    train_together(unet.train, workers, folder, lengths.unet)
    train_together(decoder.train, workers, folder, lengths.decoder)
    journal.log(folder, "end", minutes=round((time.monotonic() - started) / 60, 1))


def _text(_team: object, folder: Path, steps: int) -> None:
    text.train(folder, steps)


def main() -> None:
    """Read the command line, train, write the model's folder and check it."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/demo-shapes"), help="checkpoints")
    parser.add_argument("--model", type=Path, default=HOME, help="the finished model's folder")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoints in --out")
    parser.add_argument("--quick", action="store_true", help="a few steps, to see that it runs")
    options = parser.parse_args()
    if options.out.exists() and any(options.out.iterdir()) and not options.resume:
        parser.error(f"{options.out} is not empty; give --resume to go on from there")
    options.out.mkdir(parents=True, exist_ok=True)
    make(options.out, QUICK if options.quick else Lengths(), options.workers)
    export.export(options.out, options.model)


if __name__ == "__main__":
    main()
