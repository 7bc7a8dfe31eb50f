"""The run folder: all that `eval` and `predict` need, in files that are text or plain numbers.

- spec.cnn: the spec as it was read
- recipe.cnn: how it is trained, every value written out
- config.json: what the run was started with
- metrics.jsonl: a line for each epoch
- tensorboard/: the same for TensorBoard, where that is installed
- weights.safetensors: the weights after the last epoch that was finished
- checkpoints/: what it takes to go on, the last few of them
- beginning.safetensors: the weights that it began with, where they were read from a file
- diverged.safetensors: the batch whose loss was no finite number, where there was one
- lock: who trains there
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from cnndsl.diagnostics import Diagnostics
from cnndsl.diagnostics.terminal import clean
from cnndsl.files import write_whole
from cnndsl.source import SUFFIX, UnreadableSource
from cnndsl.source import read as read_source
from cnndsl.syntax import parse
from cnndsl.training.config import Config, Damaged
from cnndsl.training.errors import Unusable
from cnndsl.training.recipe.read import Reading, read
from cnndsl.training.recipe.recipe import Recipe
from cnndsl.training.recipe.write import written

__all__ = ["Run", "at", "create", "require_free"]

DEFAULT_FOLDER = Path("runs")


@dataclass(frozen=True)
class Run:
    """A run folder."""

    path: Path

    @property
    def spec(self) -> Path:
        return self.path / f"spec{SUFFIX}"

    @property
    def recipe(self) -> Path:
        return self.path / f"recipe{SUFFIX}"

    @property
    def config(self) -> Path:
        return self.path / "config.json"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def tensorboard(self) -> Path:
        return self.path / "tensorboard"

    @property
    def weights(self) -> Path:
        return self.path / "weights.safetensors"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def beginning(self) -> Path:
        return self.path / "beginning.safetensors"

    @property
    def diverged(self) -> Path:
        return self.path / "diverged.safetensors"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def has_begun(self) -> bool:
        """Whether all that `start` writes is there; the config is the last of it."""
        return self.config.exists()

    @property
    def files(self) -> tuple[Path, ...]:
        """All that a run has files for, beside those that its spec brings in."""
        named = self.spec, self.recipe, self.config, self.metrics, self.weights
        return *named, self.beginning, self.diverged, self.lock

    def start(self, spec: str, used: Mapping[str, str], recipe: Recipe, config: Config) -> None:
        """Write what is known before the first batch.

        Args:
            spec: its text.
            used: the texts of the files that it brings in, by their places.
            recipe: how it is trained.
            config: what it was started with.
        """
        write_whole(self.spec, spec.encode("utf-8", errors="replace"))
        for name, text in used.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.path / name, text.encode("utf-8", errors="replace"))
        self.write_recipe(recipe)
        self.write_config(config)

    def write_config(self, config: Config) -> None:
        write_whole(self.config, config.to_json().encode())

    def write_recipe(self, recipe: Recipe) -> None:
        write_whole(self.recipe, written(recipe).encode())

    def read_config(self) -> Config:
        """The config.

        Raises:
            Unusable: this is no run folder, or its config is damaged.
        """
        if not self.path.is_dir():
            what = "it is a file" if self.path.exists() else "there is no such folder"
            raise Unusable(f"{self.path} is no run folder: {what}")
        if not self.config.exists():
            raise Unusable(f"{self.path} is no run folder: it has no {self.config.name}")
        try:
            return Config.from_json(self.config.read_text(encoding="utf-8"))
        except OSError as error:
            raise Unusable(f"cannot read {self.config}: {error.strerror}") from None
        except (Damaged, UnicodeDecodeError) as error:
            raise Unusable(f"{self.config} is damaged: {error}") from None

    def read_recipe(self) -> Recipe:
        """The recipe.

        Raises:
            Unusable: it is missing or damaged.
        """
        recipe, places, said = self.read_recipe_with({})
        wrong = [each.message for each in said if each.is_error]
        if wrong:
            raise Unusable(f"{self.recipe} is damaged: {clean(wrong[0])}")
        if not places:
            raise Unusable(f"{self.recipe} is damaged: it holds no recipe")
        return recipe

    def read_recipe_with(self, flags: Mapping[str, str]) -> Reading:
        """The recipe, with what flags say in place of what it says.

        Raises:
            Unusable: it is missing.
        """
        try:
            source = read_source(self.recipe)
        except UnreadableSource as error:
            raise Unusable(str(error)) from None
        found = Diagnostics()
        file = parse(source, found)
        reading = read(file, flags)
        return reading._replace(diagnostics=(*found, *reading.diagnostics))


def require_free(out: str | None) -> None:
    """See that a run may be written there, before anything is computed.

    Raises:
        Unusable: there is something already.
    """
    if out is None:
        return
    path = Path(out)
    if path.is_dir():
        if Run(path).has_begun:
            how = f"give --out another folder, or go on with it: --resume {shlex.quote(out)}"
            raise Unusable(f"{path} holds a run, and runs are never overwritten: {how}")
        if any(path.iterdir()):
            raise Unusable(f"{path} is not empty: give --out another folder")
    elif path.exists():
        raise Unusable(f"{path} is a file: give --out another name")


def create(out: str | None, name: str) -> Run:
    """A new run folder: `out`, or the next free one of `runs/NAME-1`, `runs/NAME-2`, ...

    Raises:
        Unusable: it cannot be made.
    """
    require_free(out)
    try:
        if out is not None:
            Path(out).mkdir(parents=True, exist_ok=True)
            return Run(Path(out))
        DEFAULT_FOLDER.mkdir(exist_ok=True)
        return next(run for number in count(1) if (run := _claim(DEFAULT_FOLDER / f"{name}-{number}")))
    except OSError as error:
        raise Unusable(f"cannot make the run folder {out or DEFAULT_FOLDER}: {error.strerror}") from None


def at(path: Path) -> Run:
    """The run folder at a place where none has begun, which is made if it is not there.

    Raises:
        Unusable: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unusable(f"cannot make the run folder {path}: {error.strerror}") from None
    return Run(path)


def _claim(path: Path) -> Run | None:
    """The folder, unless someone has it already."""
    try:
        path.mkdir()
    except FileExistsError:
        return None
    return Run(path)
