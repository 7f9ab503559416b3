"""`python -m training` makes the bundled model from nothing; see `--help`."""

import argparse
import os
import time
from pathlib import Path

import attrs

from training import decoder, evaluate, export, journal, text, unet, vae
from training.team import train_together


@attrs.frozen(kw_only=True)
class Lengths:
    """How many steps each part is trained, and how often each scene is drawn for the denoiser."""

    text: int = 400
    vae: int = 1000
    sharpening: int = 400
    copies: int = 24
    unet: int = 4000
    decoder: int = 400


# Only to see that it runs.
QUICK = Lengths(text=20, vae=4, sharpening=2, copies=1, unet=4, decoder=2)


def make(folder: Path, lengths: Lengths, workers: int) -> None:
    """Train every part, in order; parts that are done already are left as they are."""
    started = time.monotonic()
    journal.log(folder, "start", workers=workers, **attrs.asdict(lengths))
    train_together(_text, 1, folder, lengths.text)
    train_together(vae.train, workers, folder, lengths.vae, lengths.sharpening)
    unet.cache_latents(folder, lengths.copies)
    train_together(unet.train, workers, folder, lengths.unet)
    train_together(decoder.train, workers, folder, lengths.decoder)
    journal.log(folder, "end", minutes=round((time.monotonic() - started) / 60, 1))


def _text(_team: object, folder: Path, steps: int) -> None:
    text.train(folder, steps)


def main() -> None:
    """Read the command line, train, write the model's folder and check it."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path("training/runs/demo-shapes"), help="checkpoints"
    )
    parser.add_argument("--model", type=Path, help="the finished model's folder")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoints in --out")
    parser.add_argument("--quick", action="store_true", help="a few steps, to see that it runs")
    options = parser.parse_args()
    if options.out.exists() and any(options.out.iterdir()) and not options.resume:
        parser.error(f"{options.out} is not empty; give --resume to go on from there")
    options.out.mkdir(parents=True, exist_ok=True)
    make(options.out, QUICK if options.quick else Lengths(), options.workers)
    model = options.model or (options.out / "model" if options.quick else evaluate.HOME)
    export.export(options.out, model)
    check = ["--count", "4"] if options.quick else ["--keep"]
    evaluate.main(["--model", str(model), "--sheet", str(options.out / "sheet.png"), *check])


if __name__ == "__main__":
    main()
