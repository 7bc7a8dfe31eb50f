"""Batches on the device: the same whether images live there or come as a stream; from files to a trained network."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from data_files import drawn, labelled, write_folder, write_picture
from test_data_pictures import cut, names, training
from test_training import call

from cnndsl.training.data import Images, PictureStream
from cnndsl.training.errors import Unusable

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

CPU = torch.device("cpu")


def batches(feed: Any, order: list[list[int]]) -> list[tuple[Any, Any]]:
    return list(feed.batches([torch.tensor(batch) for batch in order]))


def same(one: list[tuple[Any, Any]], other: list[tuple[Any, Any]]) -> bool:
    pairs = zip(one, other, strict=True)
    return all(
        a.dtype == b.dtype and torch.equal(a, b) for batch, again in pairs for a, b in zip(batch, again, strict=True)
    )


ORDERS = [[[3, 1, 0], [7, 7], [5]], [[0, 1, 2, 3, 4, 5, 6, 7]], [[7, 6], [1]]]


@pytest.mark.parametrize("workers", [0, 1, 2])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_stream_of_arrays_gives_what_lives_on_the_device(workers: int, dtype: Any) -> None:
    from cnndsl.training.feed import Resident, Streamed

    images = Images(drawn(8, 13, 4, 3, dtype=dtype), labelled(8, 2), ("a", "b"))
    resident, streamed = Resident(images, CPU), Streamed(images, CPU, workers)
    for order in ORDERS:
        found = batches(streamed, order)
        assert same(found, batches(resident, order))
        assert all(
            (pixels.numpy() == images.pixels[batch]).all() for (pixels, _), batch in zip(found, order, strict=True)
        )


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_a_stream_of_pictures_gives_what_lives_on_the_device(workers: int, tmp_path: Path) -> None:
    from cnndsl.training.feed import Resident, Streamed

    write_folder(tmp_path, mode="RGB", size=(9, 7))
    pictures = training(tmp_path)
    images, stream = pictures.at((6, 5)), pictures.at((6, 5), limit=0)
    assert isinstance(images, Images)
    assert isinstance(stream, PictureStream)
    resident, streamed = Resident(images, CPU), Streamed(stream, CPU, workers)
    torch.manual_seed(5)
    for order in ORDERS:
        assert same(batches(streamed, order), batches(resident, order))
    after = torch.rand(1)
    torch.manual_seed(5)
    assert torch.rand(1) == after  # what the network draws does not depend on how images come


@pytest.mark.parametrize("workers", [0, 2])
def test_an_epoch_that_is_left_in_its_middle_leaves_nothing_behind(workers: int) -> None:
    from cnndsl.training.feed import Resident, Streamed

    images = Images(drawn(8, 1, 4, 3), labelled(8, 2), ("a", "b"))
    resident, streamed = Resident(images, CPU), Streamed(images, CPU, workers)
    next(streamed.batches([torch.tensor([number]) for number in range(8)]))
    assert same(batches(streamed, ORDERS[0]), batches(resident, ORDERS[0]))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_truncated_picture_ends_a_stream_by_name_or_is_missing_and_counted(workers: int, tmp_path: Path) -> None:
    from cnndsl.training.feed import Streamed

    write_folder(tmp_path, size=(40, 40))
    streams = {broken: training(tmp_path, broken=broken).at((6, 5), limit=0) for broken in ("fail", "skip")}
    name = tmp_path / names(streams["fail"].pictures)[5]
    cut(name)
    with pytest.raises(
        Unusable, match=rf"^1 of 8 pictures cannot be used:\n  {name}: it has changed .* bytes then, .*\nwrite"
    ):
        batches(Streamed(streams["fail"], CPU, workers), ORDERS[0])
    streamed = Streamed(streams["skip"], CPU, workers)
    assert [len(labels) for _, labels in batches(streamed, ORDERS[0])] == [3, 2, 0]
    assert [len(labels) for _, labels in batches(streamed, ORDERS[1])] == [7]
    assert [left_out.path for left_out in streamed.left_out] == [str(name)]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda path: write_picture(path, size=(50, 50)), r"it has changed since .*: [\d,]+ bytes then, [\d,]+ now"),
        (lambda path: os.utime(path, (1, 1)), "it has changed since it was looked at first"),
        (lambda path: path.unlink(), "No such file or directory"),
    ],
    ids=["written anew", "touched", "removed"],
)
@pytest.mark.parametrize("workers", [0, 1])
def test_a_picture_that_changes_or_vanishes_while_others_are_read_is_told(
    workers: int, change: Any, told: str, tmp_path: Path
) -> None:
    from cnndsl.training.feed import Streamed

    write_folder(tmp_path, size=(40, 40))
    stream = training(tmp_path).at((6, 5), limit=0)
    streamed, name = Streamed(stream, CPU, workers), tmp_path / names(stream.pictures)[5]
    assert len(batches(streamed, ORDERS[0])) == 3
    change(name)
    with pytest.raises(Unusable, match=rf"^1 of 8 pictures cannot be used:\n  {name}: {told}\n"):
        batches(streamed, ORDERS[0])


def test_what_suits_is_chosen(tmp_path: Path) -> None:
    from cnndsl.training.feed import Resident, Streamed, feed

    images = Images(drawn(8, 1, 4, 3), labelled(8, 2), ("a", "b"))
    assert isinstance(feed(images, CPU, limit=0), Resident)  # it is in the CPU's memory already
    write_folder(tmp_path)
    assert isinstance(feed(training(tmp_path).at((6, 5), limit=0), CPU, workers=0), Streamed)


@pytest.mark.gpu
def test_on_a_gpu_an_array_that_is_too_large_is_streamed() -> None:
    from cnndsl.training.feed import Resident, Streamed, feed

    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    cuda = torch.device("cuda")
    images = Images(drawn(8, 13, 4, 3, dtype=np.uint16), labelled(8, 2), ("a", "b"))
    resident, streamed = feed(images, cuda), feed(images, cuda, limit=100)
    assert isinstance(resident, Resident)
    assert isinstance(streamed, Streamed)
    for order in ORDERS:
        assert same(batches(streamed, order), batches(resident, order))


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal on POSIX")
def test_workers_go_on_after_an_interrupt_until_they_are_told_otherwise() -> None:
    from cnndsl.training.feed import Resident, Streamed

    images = Images(drawn(8, 1, 4, 3), labelled(8, 2), ("a", "b"))
    resident, streamed = Resident(images, CPU), Streamed(images, CPU, 2)
    batches(streamed, ORDERS[0])
    workers = multiprocessing.active_children()
    assert len(workers) >= 2
    for worker in workers:
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGINT)
    time.sleep(0.2)
    assert all(worker.is_alive() for worker in workers)
    assert same(batches(streamed, ORDERS[0]), batches(resident, ORDERS[0]))


@pytest.mark.skipif(os.name != "posix", reason="the signal is one of POSIX")
def test_a_worker_that_is_ended_from_outside_is_told() -> None:
    from cnndsl.training.feed import Streamed

    streamed = Streamed(Images(drawn(8, 1, 4, 3), labelled(8, 2), ("a", "b")), CPU, 1)
    before = multiprocessing.active_children()
    batches(streamed, ORDERS[0])
    (worker,) = (child for child in multiprocessing.active_children() if child not in before)
    worker.kill()
    worker.join()
    with pytest.raises(Unusable, match=rf"ended from outside \(process {worker.pid}\): .* fewer --workers"):
        batches(streamed, ORDERS[0])


INTERRUPTED = """
import sys, torch
from cnndsl.cli._interrupt import interruptible
from cnndsl.training.data import find
from cnndsl.training.feed import Streamed
stream = find(sys.argv[1]).training().at((6, 5), limit=0)
feed = Streamed(stream, torch.device("cpu"), 2)
try:
    with interruptible() as asked:
        while True:
            for batch in feed.batches([torch.tensor([number]) for number in range(8)]):
                print("a batch", flush=True)
                if asked.number:
                    sys.exit(128 + asked.number)
except KeyboardInterrupt:
    sys.exit("a second Ctrl-C")
"""


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal on POSIX")
@pytest.mark.parametrize("batch", [1, 30])
def test_workers_say_nothing_of_an_interrupt(batch: int, tmp_path: Path) -> None:
    write_folder(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path)],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # a group of its own, all of which a terminal would interrupt
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    for _ in range(batch):
        assert process.stdout.readline() == "a batch\n"
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")


def test_a_folder_of_pictures_trains_a_network_that_is_evaluated_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        write_picture(tmp_path / "sets" / "dark" / f"{number}.png", (9 + number, 7), value=number)
        write_picture(tmp_path / "sets" / "bright" / f"{number}.png", (9, 7 + number), value=255 - number)
    (tmp_path / "sets" / "dark" / "bad.png").write_bytes(b"")
    (tmp_path / "sets" / "dark" / "notes.txt").write_text("")
    monkeypatch.chdir(tmp_path)
    spec = ["train", "-e", "INPUT(1x8x8) -> FC(2)", "--data", "sets", "--epochs", "5", "--out", "run"]
    failed = call(*spec)
    assert (failed.exit_code, failed.stdout) == (2, "")
    assert failed.stderr.endswith("bad.png: it is empty\nwrite --broken skip to leave it out\n")
    done = call(*spec, "--broken", "skip")
    assert done.exit_code == 0
    assert done.stderr.startswith("cnndsl: left out 2 of the data:\n")
    assert "images of 1x8x8 in 2 classes" in done.stdout
    monkeypatch.chdir("/")
    evaluated = call("eval", tmp_path / "run", "--broken", "skip")
    assert evaluated.stdout.startswith("accuracy 100.00 %")


def test_deep_and_many_banded_arrays_train_a_network(tmp_path: Path) -> None:
    pixels = drawn(40, 8, 8, 13, dtype=np.uint16) // 2
    pixels[1::2] += 2**15
    labels = np.array(["dark", "bright"])[labelled(40, 2)]
    np.savez(tmp_path / "bands.npz", x=pixels, y=labels, layout="NHWC")
    run, spec = tmp_path / "run", "INPUT(13x8x8) -> GAP -> FC(2)"
    arguments = ["--data", tmp_path / "bands.npz", "--epochs", "20", "--batch", "8", "--lr", "0.1", "--out", run]
    assert call("train", "-e", spec, *arguments).exit_code == 0
    assert call("eval", run).stdout.startswith("accuracy 100.00 %")
    predicted = call("predict", run, ROOT / "examples" / "seven.png")
    assert predicted.exit_code == 2
    assert "as an image of 13 channels: a picture has 1 or 3" in predicted.stderr
    misfit = call("train", "-e", "INPUT(3x8x8) -> GAP -> FC(2)", *arguments[:2])
    assert (misfit.exit_code, "the input has 3 channels" in misfit.stderr) == (1, True)
