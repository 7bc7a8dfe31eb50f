"""Checkpoints: states of a training as safetensors, each written whole, the last few kept.

A file is data alone, numbers and names, with a digest of all of them; what does not agree with it is not gone on from.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from cnndsl.backends.torch.weights.files import packed
from cnndsl.files import remove_parts, write_whole
from cnndsl.training.state import State

__all__ = ["Checkpoints", "Damaged"]

FORMAT = "1"
"""Of what stands in a file beside the tensors; a reader refuses every other."""

_NAME = re.compile(r"step-(\d+)\.safetensors")


class Damaged(Exception):
    """A file is no checkpoint, or not as it was written; the text is a half sentence that says why."""


class Checkpoints:
    """The checkpoints in a folder, which is made with the first. The number in a name is that of steps done."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def files(self) -> list[Path]:
        """Those of the fewest steps first, by their names: a clock may have jumped in between."""
        return sorted((path for path in self.folder.glob("*") if _NAME.fullmatch(path.name)), key=_step)

    def write(self, state: State, step: int, keep: int) -> Path:
        """Write a checkpoint; then remove those before it, but for so many, it counted in.

        Those of more steps go too: they were damaged, or the training would have gone on from there.

        Raises:
            OSError: it cannot be written; all others are still there then.
        """
        self.folder.mkdir(exist_ok=True)
        path = self.folder / f"step-{step:09}.safetensors"
        text = json.dumps(state.values)
        about = {"format": FORMAT, "values": text, "sha256": _digest(state.tensors, text)}
        write_whole(path, packed(state.tensors, about))
        before = [each for each in self.files if _step(each) < step]
        beyond = [each for each in self.files if _step(each) > step]
        for each in (*before[: 1 - keep or None], *beyond):
            each.unlink(missing_ok=True)
        return path

    def last(self, tell: Callable[[str], None]) -> State | None:
        """The newest state that is whole; None where there is none.

        Args:
            tell: is given a sentence for each file that is not.
        """
        remove_parts(self.folder)
        for path in reversed(self.files):
            try:
                return read(path)
            except Damaged as error:
                tell(f"{path} is damaged, and passed over: {error}")
        return None


def read(path: Path) -> State:
    """The state in a file.

    Raises:
        Damaged: it cannot be read, or is not as it was written.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # it is no mapping
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        raise Damaged(" ".join(str(error).split()) or type(error).__name__) from None
    text = about.get("values", "")
    if about.get("format") != FORMAT:
        raise Damaged(f"it has format {about.get('format')}, and this version of cnndsl reads {FORMAT}")
    if about.get("sha256") != _digest(tensors, text):
        raise Damaged("its numbers are not those that were written")
    try:
        values: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise Damaged("what stands beside its tensors is not JSON") from None
    return State(tensors, values)


def _step(path: Path) -> int:
    found = _NAME.fullmatch(path.name)
    return int(found[1]) if found else -1


def _digest(tensors: dict[str, Tensor], text: str) -> str:
    """Of names, types, shapes and numbers of tensors, and of the text beside them."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy())  # type: ignore[arg-type]  # it has a buffer
    return digest.hexdigest()
