"""What ends a training, and what is left: interrupts, full disks, wrong numbers, too little memory, foreign hands."""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from data_files import write_folder
from test_training import _one_thread, call  # noqa: F401

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")
pytest.importorskip("sklearn")

from safetensors.torch import load_file, save_file  # noqa: E402

posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits are those of POSIX")

NET = ["-e", "INPUT(64) -> FC(32) -> RELU -> DROPOUT(0.3) -> FC(10)"]
SHORT = ["train", *NET, "--epochs", "4", "--checkpoint-every", "10", "--keep", "3"]


def weights(run: Path) -> bytes:
    return (run / "weights.safetensors").read_bytes()


def checkpoints(run: Path) -> list[Path]:
    return sorted((run / "checkpoints").iterdir())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was never disturbed."""
    out = tmp_path_factory.mktemp("whole") / "run"
    assert call(*SHORT, "--out", out).exit_code == 0
    return out


def interrupted(run: Path, monkeypatch: pytest.MonkeyPatch, step: int, *arguments: object) -> Any:
    """A training that someone ends at a step, as Ctrl-C does."""
    from cnndsl.cli import train
    from cnndsl.training.errors import Interrupted

    plain = train._run_epochs

    def harassed(trainer: Any, folder: Any, asked: Any) -> None:
        def watch(progress: Any) -> None:
            if (progress.epoch - 1) * progress.steps + progress.step == step:
                asked.number = int(signal.SIGINT)
                raise Interrupted(asked.number)

        for _ in trainer.epochs(folder, watch, train._note):
            pass

    with monkeypatch.context() as patched:
        patched.setattr(train, "_run_epochs", harassed)
        done = call(*(arguments or SHORT), "--resume", run)
    assert train._run_epochs is plain
    return done


# going on


@pytest.mark.parametrize("step", [1, 10, 23, 24, 60])
def test_a_run_goes_on_from_any_step_as_if_nothing_had_been(
    step: int, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    done = interrupted(run, monkeypatch, step)
    assert done.exit_code == 130
    assert done.stderr.endswith(f" is saved; to go on: cnndsl train --resume {run}\n")
    again = call("train", "--resume", run)
    assert f"  goes on  from step {step}, epoch " in again.stdout
    assert (again.exit_code, weights(run)) == (0, weights(whole))
    assert len((run / "metrics.jsonl").read_text().splitlines()) == 4
    assert len(checkpoints(run)) == 3


def test_a_run_that_is_over_says_so_and_can_be_made_longer(whole: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(whole, tmp_path / "run"))
    done = call("train", "--resume", run)
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, f"{run} is over: 4 of 4 epochs are done")
    longer = call("train", "--resume", run, "--epochs", "5", "--changing", "epochs")
    assert longer.exit_code == 0
    assert "\nepoch 5/5  " in longer.stdout
    assert "epochs=5,\n" in (run / "recipe.cnn").read_text()
    assert call("train", "--resume", run).stdout.startswith(f"{run} is over: 5 of 5 ")


def test_another_recipe_is_refused_with_the_difference_or_allowed_by_name(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    interrupted(run, monkeypatch, 30)
    changes = ["--lr", "0.01", "--batch", "32", "--ema", "0.9", "--workers", "2"]
    done = call("train", "--resume", run, *changes)
    assert (done.exit_code, done.stderr.splitlines()[1:]) == (
        2,
        [
            "  batch  64 in the run, 32 here",
            "  lr     0.003 in the run, 0.01 here",
            "  ema    0 in the run, 0.9 here",
            "leave that out, or allow it by name: --changing batch,lr,ema",
        ],
    )
    assert call("train", "--resume", run, *changes, "--changing", "batch,lr").exit_code == 2
    done = call("train", "--resume", run, *changes, "--changing", "batch,lr,ema")
    assert done.exit_code == 0
    assert weights(run) != weights(whole)
    assert "ema=0.9,\n" in (run / "recipe.cnn").read_text()


@pytest.mark.parametrize(
    ("flags", "changing"),
    [
        (["--optimizer", "SGD(lr=0.01, momentum=0.9)"], "optimizer"),
        (["--optimizer", "ADAM(lr=0.01)"], "optimizer"),
        (["--accumulate", "3", "--clip", "1"], "accumulate,clip"),
        (["--precision", "fp16"], "precision"),
        (["--schedule", "PLATEAU", "--validation", "0.2"], "all"),
        (["--validation", "0.3"], "validation"),
        (["--loss", "binary", "--label-smoothing", "0.1"], "loss,label_smoothing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_all_that_is_named_may_change(
    flags: list[str], changing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    interrupted(run, monkeypatch, 30)
    done = call("train", "--resume", run, *flags, "--changing", changing)
    assert (done.exit_code, "\nepoch 4/4  " in done.stdout) == (0, True)
    assert call("eval", run).exit_code == 0


def test_the_same_command_begins_a_run_and_goes_on_with_it(whole: Path, tmp_path: Path) -> None:
    run = tmp_path / "new" / "run"
    run.mkdir(parents=True)
    (run / "spec.cnn").write_text("INPUT")  # of a start that was cut off
    for _ in range(2):
        done = call(*SHORT, "--resume", run)
        assert (done.exit_code, weights(run)) == (0, weights(whole))
    assert done.stdout.startswith(f"{run} is over")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-e", "INPUT(64) -> FC(10)", "--epochs", "4"], "is not the spec that"),
        ([*NET, "-D", "classes=10"], "classes"),
        ([*NET, "--input", "65"], "was begun with --input : nothing, and here it is 65"),
        ([*NET, "--epochs", "5"], "epochs  4 in the run, 5 here"),
        (["--out", "elsewhere"], "--resume names the run folder: leave out --out"),
        (["-D", "n=3"], "go with a spec: give it too"),
        (["--lr", "fast"], "`fast` has no value"),
        (["--changing", "epoch"], "did you mean `epochs`?"),
        (["--weights", "other.safetensors"], "goes on with its own weights: leave out --weights"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_does_not_go_with_a_run_is_told(arguments: list[str], told: str, whole: Path) -> None:
    done = call("train", *arguments, "--resume", whole)
    assert done.exit_code in (1, 2)
    assert told in done.stderr


def test_changing_goes_with_resume_and_train_wants_something_to_train(tmp_path: Path) -> None:
    assert "--changing goes with --resume" in call("train", *NET, "--changing", "lr").stderr
    assert "give a spec: a file, zoo:NAME, -, or -e TEXT; or --resume RUN" in call("train").stderr
    done = call("train", "--resume", tmp_path / "none")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "is no run folder: there is no such folder" in done.stderr


def test_a_run_that_began_with_weights_goes_on_without_their_file(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / "given.safetensors"
    shutil.copy(whole / "weights.safetensors", given)
    begin = [*SHORT, "--weights", given]
    assert call(*begin, "--out", tmp_path / "peace").exit_code == 0
    for name, step in (("early", 0), ("late", 30)):
        run = tmp_path / name
        if step:
            interrupted(run, monkeypatch, step, *begin)
        else:  # killed before its first checkpoint
            shutil.copytree(tmp_path / "peace", run)
            shutil.rmtree(run / "checkpoints")
            (run / "metrics.jsonl").unlink()
    given.unlink()
    for name in ("early", "late"):
        assert call("train", "--resume", tmp_path / name).exit_code == 0
        assert weights(tmp_path / name) == weights(tmp_path / "peace")


def test_a_run_that_is_over_and_has_no_checkpoint_is_not_trained_again(whole: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(whole, tmp_path / "run"))
    shutil.rmtree(run / "checkpoints")
    done = call("train", "--resume", run, "--epochs", "9", "--changing", "epochs")
    assert done.exit_code == 2
    assert f"is over, and has no checkpoint to go on from: a new run can begin with --weights {run}" in done.stderr
    assert weights(run) == weights(whole)


# damaged checkpoints


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(bytes(content))


def strange(path: Path) -> None:
    save_file({"network.fc1.weight": torch.zeros(3)}, path)


class Bomb:
    """What a pickle could do."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("code of a run folder was run",)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut": cut,
    "a bit": flip,
    "empty": lambda path: path.write_bytes(b""),
    "noise": lambda path: path.write_bytes(b"x" * 1000),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "other tensors": strange,
    "a pickle": lambda path: torch.save(Bomb(), path),
    "an old pickle": lambda path: path.write_bytes(pickle.dumps(Bomb())),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_checkpoint_is_passed_over_aloud(
    damage: Callable[[Path], object], whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    interrupted(run, monkeypatch, 35)
    *_, before, last = checkpoints(run)
    damage(last)
    done = call("train", "--resume", run)
    assert done.exit_code == 0
    assert f"cnndsl: {last} is damaged, and passed over: " in done.stderr
    assert f"  goes on  from step {int(before.stem.removeprefix('step-'))}, " in done.stdout
    assert weights(run) == weights(whole)


def test_without_a_whole_checkpoint_it_begins_anew(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    interrupted(run, monkeypatch, 35)
    for path in checkpoints(run):
        flip(path)
    done = call("train", "--resume", run)
    assert done.stderr.count(" is damaged, and passed over: ") == 3
    assert f"cnndsl: {run} has no checkpoint to go on from, and begins anew\n" in done.stderr
    assert weights(run) == weights(whole)


def test_a_checkpoint_of_another_network_is_told(whole: Path, tmp_path: Path) -> None:
    run, other = tmp_path / "run", tmp_path / "other"
    for folder, size in ((run, 8), (other, 9)):
        command = ["train", "-e", f"INPUT(64) -> FC({size}) -> FC(10)", "--epochs", "1", "--out", folder]
        assert call(*command).exit_code == 0
    (last,) = checkpoints(run)
    shutil.copy(checkpoints(other)[0], last)
    done = call("train", "--resume", run, "--epochs", "2", "--changing", "epochs")
    assert (done.exit_code, "Traceback" in done.stderr) == (2, False)
    assert f"the checkpoint in {run / 'checkpoints'} does not fit the spec beside it: " in done.stderr


def test_nothing_in_a_run_folder_is_a_pickle(whole: Path) -> None:
    for path in whole.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert path.suffix in (".cnn", ".json", ".jsonl", ".safetensors", "") or "tfevents" in path.name
            assert not content.startswith((b"\x80", b"PK"))


def test_metrics_of_what_is_trained_again_are_told_once(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    interrupted(run, monkeypatch, 30)
    with (run / "metrics.jsonl").open("a") as file:
        file.write((whole / "metrics.jsonl").read_text().splitlines()[2] + "\n" + '{"epoch": 4, "lo')
    assert call("train", "--resume", run).exit_code == 0
    assert [json.loads(line)["epoch"] for line in (run / "metrics.jsonl").read_text().splitlines()] == [1, 2, 3, 4]


# numbers that are none


def test_the_layer_and_the_batch_of_a_loss_that_is_no_number_are_told(tmp_path: Path) -> None:
    spec = tmp_path / "net.cnn"
    spec.write_text(
        "INPUT(1x8x8) -> CONV(4) -> RELU -> FC(30) -> FC(10)\n\n"
        "TRAIN(epochs=3, optimizer=SGD(lr=1e6), warmup=0, schedule=CONSTANT, checkpoint_every=1)\n"
    )
    run = tmp_path / "run"
    done = call("train", spec, "--out", run)
    assert done.exit_code == 1
    first, where, kept, how = done.stderr.splitlines()
    assert first == "cnndsl: in epoch 1 the loss is no longer a finite number: lower --lr, here 1e+06"
    assert re.fullmatch(rf"  the first such number comes from fc2, `FC\(10\)` at {re.escape(str(spec))}:1:46", where)
    assert kept == f"  the batch, and the weights that it met, are in {run / 'diverged.safetensors'}"
    assert how.endswith(f"to go on: cnndsl train --resume {run} --lr 100000 --changing lr")
    found = load_file(run / "diverged.safetensors")
    assert found["inputs"].shape == (64, 1, 8, 8)
    assert found["labels"].shape == (64,)
    assert found["inputs"].isfinite().all()
    again = call("train", "--resume", run, "--lr", "1e-3", "--changing", "lr")
    assert again.exit_code == 0 or "comes from" in again.stderr


def test_the_kept_batch_shows_the_same_again(tmp_path: Path) -> None:
    from cnndsl import load

    (tmp_path / "net.cnn").write_text("INPUT(64) -> FC(30) -> RELU -> FC(10)")
    run = tmp_path / "run"
    done = call("train", tmp_path / "net.cnn", "--optimizer", "SGD", "--lr", "1e6", "--warmup", "0", "--out", run)
    assert done.exit_code == 1
    found = load_file(run / "diverged.safetensors")
    network = load(run / "spec.cnn").to_torch()
    network.load_state_dict({name[8:]: each for name, each in found.items() if name.startswith("network.")})
    loss = torch.nn.functional.cross_entropy(network(found["inputs"]), found["targets"])
    assert not loss.isfinite()


def test_images_that_are_no_numbers_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cnndsl.training import train

    monkeypatch.setattr(train, "_prepared", lambda *_: lambda pixels, generator: pixels.flatten(1) * float("nan"))
    done = call(*SHORT, "--out", tmp_path / "run")
    assert done.exit_code == 1
    assert "the images hold such a number when they enter the network" in done.stderr


def test_weights_that_are_no_numbers_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cnndsl.training.precision import Precision

    plain, steps = Precision.step, iter(range(1000))

    def step(self: Any, optimizer: Any, clip: float = 0.0) -> None:
        plain(self, optimizer, clip)
        if next(steps) == 5:
            with torch.no_grad():
                list(self.network.parameters())[2].fill_(float("inf"))

    monkeypatch.setattr(Precision, "step", step)
    done = call(*SHORT, "--out", tmp_path / "run")
    assert done.exit_code == 1
    where = f"<expression>:1:{len(NET[1]) - len('FC(10)') + 1}"
    assert f"  the weights of fc2, `FC(10)` at {where} are no finite numbers since the step before\n" in done.stderr


# memory, disks, processes


LIMITED = """
import resource, sys
resource.setrlimit(resource.{limit}, ({number}, {number}))
sys.argv[0] = "cnndsl"
from cnndsl.__main__ import main
main()
"""


def limited(limit: str, number: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A command in a process that has a limit."""
    script = LIMITED.format(limit=limit, number=number)
    command = [sys.executable, "-c", script, *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@posix
def test_a_disk_that_is_full_does_not_end_a_training_and_nothing_is_lost(tmp_path: Path) -> None:
    spec = ["train", "-e", "INPUT(64) -> FC(1000) -> RELU -> FC(10)", "--epochs", "3", "--checkpoint-every", "20"]
    assert call(*spec, "--out", tmp_path / "whole").exit_code == 0
    run = tmp_path / "run"
    size = (tmp_path / "whole" / "weights.safetensors").stat().st_size
    done = limited("RLIMIT_FSIZE", str(size + 1000), *spec, "--out", run)
    assert done.returncode == 0, done.stderr
    assert "cnndsl: cannot write a checkpoint: File too large; there is none yet, and it is tried again" in done.stderr
    assert "Traceback" not in done.stderr
    assert weights(run) == weights(tmp_path / "whole")
    assert not list(run.rglob("*.part"))


@posix
def test_weights_that_cannot_be_written_are_told_and_made_again(tmp_path: Path) -> None:
    spec = ["train", "-e", "INPUT(64) -> FC(1000) -> RELU -> FC(10)", "--epochs", "2", "--checkpoint-every", "20"]
    assert call(*spec, "--out", tmp_path / "whole").exit_code == 0
    run = tmp_path / "run"
    done = limited("RLIMIT_FSIZE", "100000", *spec, "--out", run)
    assert done.returncode == 2
    assert f"cannot write {run / 'weights.safetensors'}: File too large; it is tried again" in done.stderr
    *_, last, how = done.stderr.splitlines()
    assert last.endswith("weights.safetensors could not be written: make room for it")
    assert how.endswith(f"to go on: cnndsl train --resume {run}")
    assert "Traceback" not in done.stderr
    assert call("train", "--resume", run).exit_code == 0
    assert weights(run) == weights(tmp_path / "whole")


@posix
def test_want_of_memory_says_which_batch_would_fit(tmp_path: Path) -> None:
    spec = ["train", "-e", "INPUT(1x128x128) -> [CONV(64, 3) -> RELU]*3 -> GAP -> FC(10)", "--epochs", "1"]
    command = [*spec, "--threads", "1", "--batch", "1437", "--out", tmp_path / "run"]
    done = limited("RLIMIT_AS", str(6 * 10**9), *command)
    assert done.returncode == 1, done.stderr
    found = re.search(
        r"out of memory with a batch of 1,437: `cnndsl check` estimates ([\d.]+) GB for a batch of 1,437, "
        r"and ([\d.]+) GB were free; --batch (\d+) would fit by that estimate\n",
        done.stderr,
    )
    assert found, done.stderr
    estimate, free, batch = float(found[1]), float(found[2]), int(found[3])
    assert batch / 1437 == pytest.approx(free / estimate, rel=0.1)
    assert "Traceback" not in done.stderr


def stopped(*arguments: object, line: str, number: signal.Signals, to: Callable[[int], int] = lambda pid: pid) -> Any:
    """A process that gets a signal once it has printed a line that begins so."""
    process = subprocess.Popen(
        [sys.executable, "benchmarks/slowly.py", os.devnull, "0", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    while not (read := process.stdout.readline()).startswith(line):
        assert read, process.communicate()
    os.kill(to(process.pid), number)
    output, errors = process.communicate(timeout=100)
    return subprocess.CompletedProcess(arguments, process.returncode, output, errors)


def child(process: int) -> int:
    """A process that another one has started."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        if found:
            return int(found[0])
        time.sleep(0.01)
    raise AssertionError("it starts none")


@posix
def test_sigterm_saves_and_says_how_to_go_on(tmp_path: Path) -> None:
    run = tmp_path / "run"
    command = ["train", *NET, "--epochs", "400", "--out", run]
    done = stopped(*command, line="epoch   2/400", number=signal.SIGTERM)
    assert done.returncode == 143, done.stderr
    assert re.search(r"interrupted; step \d+, in epoch \d+, is saved; to go on: cnndsl train --resume", done.stderr)
    (last,) = checkpoints(run)
    assert f"step {int(last.stem.removeprefix('step-'))}, " in done.stderr


@posix
def test_a_further_ctrl_c_does_not_wait(tmp_path: Path) -> None:
    said = tmp_path / "errors.txt"
    with said.open("w") as errors:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "cnndsl",
                "train",
                "zoo:resnet50",
                "-D",
                "classes=10",
                "--out",
                str(tmp_path / "run"),
            ],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    assert process.stdout is not None
    while not process.stdout.readline().startswith("  epochs"):
        assert process.poll() is None
    time.sleep(1)  # into the first step, which takes a minute
    deadline = time.monotonic() + 100
    while not said.read_text() and time.monotonic() < deadline:  # those that come within one operation are one
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
    assert process.wait(timeout=100) in (130, -signal.SIGINT)  # where one more came after all was said
    how = f"to go on: cnndsl train --resume {tmp_path / 'run'}\n"
    assert said.read_text() == f"\ncnndsl: interrupted; nothing is saved; {how}"


@posix
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="there is no /proc to find processes in")
def test_a_worker_that_dies_ends_a_training_and_nothing_is_lost(tmp_path: Path) -> None:
    write_folder(tmp_path / "pets", each=40, size=(30, 30))
    spec = ["train", "-e", "INPUT(1x30x30) -> FC(2)", "--data", tmp_path / "pets", "--batch", "2", "--epochs", "30"]
    run = tmp_path / "run"
    command = [*spec, "--workers", "1", "--out", run]
    done = stopped(*command, line="epoch  1/30", number=signal.SIGKILL, to=child)
    assert done.returncode == 2, done.stderr
    assert "a process that reads pictures was ended from outside" in done.stderr
    assert re.search(r"\n  step \d+, in epoch \d+, is saved; to go on: cnndsl train --resume ", done.stderr)
    assert "Traceback" not in done.stderr
    again = [*spec, "--workers", "0", "--out", tmp_path / "whole"]
    for arguments in (["train", "--resume", run], again):
        words = [sys.executable, "benchmarks/slowly.py", os.devnull, "0", *map(str, arguments)]
        subprocess.run(words, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=True, capture_output=True)
    assert weights(run) == weights(tmp_path / "whole")


class Failing:
    """A feed that fails when it is asked for its second epoch, before the first batch."""

    def __init__(self, feed: Any) -> None:
        self.feed, self.labels, self.left_out, self.epochs = feed, feed.labels, feed.left_out, 0

    def batches(self, indices: Any) -> Any:
        from cnndsl.training.errors import Unusable

        self.epochs += 1
        if self.epochs == 2:
            raise Unusable("the disk is gone")
        yield from self.feed.batches(indices)


def test_a_fault_between_two_epochs_loses_nothing(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cnndsl.training import train

    plain, run = train.feed, tmp_path / "run"
    monkeypatch.setattr(train, "feed", lambda *given, **named: Failing(plain(*given, **named)))
    done = call(*SHORT, "--out", run)
    assert (done.exit_code, "the disk is gone\n  step 23, in epoch 1, is saved; " in done.stderr) == (2, True)
    monkeypatch.setattr(train, "feed", plain)
    again = call("train", "--resume", run)
    assert "  goes on  from step 23, epoch 1\n" in again.stdout
    assert weights(run) == weights(whole)


@pytest.mark.parametrize("change", ["vanishes", "changes"])
def test_a_picture_that_is_another_in_the_middle_ends_a_training_and_nothing_is_lost(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cnndsl.cli import train
    from cnndsl.training.data.pictures import Pictures

    assert Pictures.at.__kwdefaults__ is not None
    monkeypatch.setitem(Pictures.at.__kwdefaults__, "limit", 0)  # nothing stays in memory
    write_folder(tmp_path / "pets", each=20, size=(30, 30))
    spec = ["train", "-e", "INPUT(1x30x30) -> FC(2)", "--data", tmp_path / "pets", "--batch", "4", "--epochs", "3"]
    spec += ["--workers", "0", "--validation", "0.2"]
    assert call(*spec, "--out", tmp_path / "whole").exit_code == 0
    run, picture = tmp_path / "run", tmp_path / "pets" / "dog" / "7.png"
    content, plain = picture.read_bytes(), train._run_epochs

    def harassed(trainer: Any, folder: Any, asked: Any) -> None:
        def watch(progress: Any) -> None:
            if (progress.epoch, progress.step) == (1, 3):
                picture.unlink()
                if change == "changes":
                    picture.write_bytes(content[:-1])

        for _ in trainer.epochs(folder, watch, train._note):
            pass

    monkeypatch.setattr(train, "_run_epochs", harassed)
    done = call(*spec, "--out", run)
    monkeypatch.setattr(train, "_run_epochs", plain)
    assert done.exit_code == 2
    assert f" pictures cannot be used:\n  {picture}: " in done.stderr
    assert re.search(r"\n  step \d+, in epoch [12], is saved; to go on: cnndsl train --resume ", done.stderr)
    picture.write_bytes(content)
    assert call("train", "--resume", run).exit_code == 0
    assert weights(run) == weights(tmp_path / "whole")


@pytest.mark.parametrize("change", ["fewer", "others", "vanished"])
def test_images_that_are_others_now_are_told(change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    data, run = tmp_path / "data.npz", tmp_path / "run"
    pixels, labels = np.random.default_rng(0).integers(0, 255, (200, 8, 8), np.uint8), np.arange(200) % 10
    np.savez(data, x=pixels, y=labels)
    interrupted(run, monkeypatch, 5, "train", *NET, "--epochs", "4", "--data", data)
    if change == "fewer":
        np.savez(data, x=pixels[:150], y=labels[:150])
        told = f"{data} is no longer what {run} was begun with: 160 images then, 120 now; --changing data takes it"
    elif change == "others":
        np.savez(data, x=pixels[::-1], y=labels)
        told = f"{data} is no longer what {run} was begun with: as many as then, but not the same; --changing data"
    else:
        data.unlink()
        told = f"there is no data set {data}"
    done = call("train", "--resume", run)
    assert (done.exit_code, told in done.stderr) == (2, True), done.stderr
    if change != "vanished":
        # the order of another number of images is another one, so the epoch begins again
        done = call("train", "--resume", run, "--changing", "data")
        assert (done.exit_code, "\nepoch 4/4 " in done.stdout) == (0, True), done.stderr


def test_a_clock_that_jumps_changes_nothing(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "run"
    now = iter(range(2_000_000_000, 0, -100_000))
    monkeypatch.setattr(time, "time", lambda: float(next(now)))  # back by a day at every look
    interrupted(run, monkeypatch, 35)
    monkeypatch.undo()
    for number, path in enumerate(reversed(checkpoints(run))):  # the newest looks like the oldest
        os.utime(path, (1000 + number, 1000 + number))
    done = call("train", "--resume", run)
    assert "  goes on  from step 35, " in done.stdout
    assert weights(run) == weights(whole)
    seconds = [json.loads(line)["seconds"] for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert all(0 < each < 100 for each in seconds)


@posix
def test_two_processes_on_one_run_are_told_apart(tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-m", "cnndsl", "train", *NET, "--epochs", "100000", "--out", str(run)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        while not process.stdout.readline().startswith("epoch"):
            assert process.poll() is None
        for arguments in (["train", "--resume", run], ["train", *NET, "--epochs", "100000", "--resume", run]):
            done = call(*arguments)
            assert done.exit_code == 2
            told = rf"cnndsl: {run} is in use: process {process.pid} has been training there since [-\d: ]+\n"
            assert re.fullmatch(told, done.stderr), done.stderr
        assert process.poll() is None
        assert call("eval", run).exit_code == 0  # which only reads
    finally:
        process.kill()
        process.wait()
    done = call("train", "--resume", run, "--epochs", "1", "--changing", "epochs")
    assert done.exit_code == 0, "the lock went with its owner"


def test_a_lock_whose_owner_says_nothing_is_told_too(tmp_path: Path) -> None:
    from cnndsl.training.errors import Unusable
    from cnndsl.training.lock import locked

    holder = (
        "import sys, time\nfrom pathlib import Path\nfrom cnndsl.training.lock import locked\n"
        "with locked(Path(sys.argv[1])):\n"
        "    Path(sys.argv[1] + '.held').touch()\n"
        "    time.sleep(100)\n"
    )
    path = tmp_path / "lock"
    process = subprocess.Popen([sys.executable, "-c", holder, str(path)], cwd=ROOT)
    try:
        while not path.with_name("lock.held").exists():
            assert process.poll() is None
            time.sleep(0.01)
        path.write_text("\x1b[2J")
        with pytest.raises(Unusable, match="is in use: another process trains there"), locked(path):
            pass
    finally:
        process.kill()
        process.wait()


# GPUs


@pytest.mark.gpu
def test_a_run_on_a_gpu_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    spec = [*SHORT, "--device", "cuda", "--precision", "fp16", "--ema", "0.9"]
    assert call(*spec, "--out", tmp_path / "whole").exit_code == 0
    interrupted(tmp_path / "run", monkeypatch, 35, *spec)
    done = call("train", "--resume", tmp_path / "run")
    assert (done.exit_code, "  goes on  from step 35, " in done.stdout) == (0, True)
    ours, theirs = (load_file(tmp_path / name / "weights.safetensors") for name in ("run", "whole"))
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], rtol=1e-2, atol=1e-3)


@pytest.mark.gpu
def test_want_of_memory_on_a_gpu_says_which_batch_would_fit(tmp_path: Path) -> None:
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    spec = ["train", "-e", "INPUT(1x1024x1024) -> [CONV(512, 3) -> RELU]*9 -> GAP -> FC(10)", "--batch", "1437"]
    done = call(*spec, "--device", "cuda", "--out", tmp_path / "run")
    assert done.exit_code == 1
    assert re.search(r"estimates [\d.]+ [GT]B for a batch of 1,437, and [\d.]+ GB were free; --batch \d+ ", done.stderr)
