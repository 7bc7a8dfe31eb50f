"""Trainings that are killed with `kill -9` and go on, in real processes: the same numbers as if nothing had been."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from itertools import chain, islice, repeat
from pathlib import Path

import pytest
from survival import Killed, Moment, differences, harassed, moments, undisturbed

pytestmark = [pytest.mark.torch, pytest.mark.skipif(os.name != "posix", reason="there is no kill -9 elsewhere")]
Image = pytest.importorskip("PIL.Image")

NET = """
INPUT(1x8x8) -> CONV(8, 3) -> BN -> RELU -> DROPOUT(0.2) -> CONV(8, 3, 2) -> BN -> RELU -> GAP -> FC(10)

TRAIN(epochs=8, batch=16, accumulate=3, optimizer=ADAMW(lr=0.01), schedule=PLATEAU(patience=1), warmup=1, ema=0.9,
      mixup=0.2, augment=SHIFT -> NOISE, precision=fp16, clip=1, validation=0.2, workers=1, checkpoint_every=7)
"""
"""With all that has a state: optimizer, schedule, scaler, moving average, dropout, a step that is made of batches."""


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command, for digits as pictures in files, which a process of its own reads."""
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("survival")
    digits = load_digits()
    for number, (pixels, label) in enumerate(zip(digits.images[:400], digits.target[:400], strict=True)):
        path = folder / "digits" / str(label) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((pixels * 15).astype("uint8")).save(path)
    (folder / "net.cnn").write_text(NET)
    return ["train", str(folder / "net.cnn"), "--data", str(folder / "digits")]


@pytest.fixture(scope="module")
def quiet(words: list[str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A run that was never disturbed, and the seconds it took."""
    out = tmp_path_factory.mktemp("quiet") / "run"
    return out, undisturbed(words, out)


def survived(words: Sequence[str], quiet: Path, out: Path, when: Iterator[Moment]) -> list[Killed]:
    """What was killed of a run that came to the same in the end."""
    killed = list(harassed(words, out, when, slow=0.2))
    assert differences(quiet, out) == []
    assert not list(out.rglob("*.part"))
    assert not list(out.rglob("*.p*k*l*"))
    return killed


def test_killed_at_start_up_in_training_and_inside_a_checkpoint(
    words: list[str], quiet: tuple[Path, float], tmp_path: Path
) -> None:
    peace, seconds = quiet
    never = Moment(1e9)
    when = chain([Moment(1.0), Moment(1e9, 2), Moment(0.7 * seconds)], repeat(never))
    killed = survived(words, peace, tmp_path / "run", when)
    assert [each.where for each in killed[:2]] == ["start-up", "writing"]
    assert killed[1].children  # which reads pictures


@pytest.mark.slow
def test_killed_twenty_times_and_more_anywhere(words: list[str], quiet: tuple[Path, float], tmp_path: Path) -> None:
    peace, seconds = quiet
    draw = random.Random(11)
    killed: list[Killed] = []
    for number in range(100):
        when = chain(islice(moments(draw, seconds, 0.4), 8), repeat(Moment(1e9)))
        killed += survived(words, peace, tmp_path / str(number), when)
        inside = sum(each.where == "writing" for each in killed)
        if len(killed) >= 20 and inside >= 5 and {each.where for each in killed} >= {"start-up", "training"}:
            break
    assert len(killed) >= 20
    assert inside >= 5
    assert any(each.children for each in killed)
