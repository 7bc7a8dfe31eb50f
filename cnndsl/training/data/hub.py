"""Data sets of the Hugging Face hub, and of folders in its formats, through the package `datasets`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cnndsl.training.data import split
from cnndsl.training.data.classes import checked
from cnndsl.training.data.data_set import DataSet
from cnndsl.training.data.pictures import Pictures, Stamp, looked_at
from cnndsl.training.errors import Unusable
from cnndsl.training.left_out import Broken, LeftOut, settle

__all__ = ["find"]

TRAINING = "train"

HELD_BACK = ("validation", "valid", "val", "test")
"""The splits that may be held back; the first that is there."""

LABEL_MARK = "#"
"""Between the name and a column with labels, where there are several."""


@dataclass(frozen=True)
class _Rows:
    """The pictures in a column."""

    rows: Any
    name_of_set: str
    column: str

    def name(self, number: int) -> str:
        return f"{self.name_of_set}[{number}]"

    def file(self, number: int) -> Path | BinaryIO:
        cell = self.rows[number][self.column] or {}
        if cell.get("bytes") is None and cell.get("path"):
            return Path(cell["path"])
        return BytesIO(cell.get("bytes") or b"")

    def stamp(self, number: int) -> Stamp:
        return Stamp()


def find(name: str, path: Path, broken: Broken) -> DataSet:
    """A data set.

    Args:
        name: on the hub, or that of a folder; `NAME#LABEL` takes this column for the labels.
        path: of the folder, if it is one.
        broken: what becomes of it where rows in it cannot be used.

    Raises:
        Unusable: the name is that of a folder which is not there.
    """
    bare, mark, label = name.partition(LABEL_MARK)
    folder = path.with_name(path.name.partition(LABEL_MARK)[0])
    if bare.startswith(("/", ".", "~")) and not folder.is_dir():
        raise Unusable(f"there is no folder {folder}")
    source = str(folder) if folder.is_dir() else bare
    read = partial(_read, source, label, broken)
    parts = partial(read, held_back=False), partial(read, held_back=True)
    return DataSet(f"hf:{source}{mark}{label}", *parts, extra="data")


def _read(source: str, label: str, broken: Broken, *, held_back: bool) -> Pictures:
    splits = _splits(source)
    if TRAINING not in splits:
        raise Unusable(f"hf:{source} has the splits {', '.join(splits)}, and none of the name {TRAINING}")
    own = next((name for name in HELD_BACK if name in splits), None)
    chosen = own if held_back and own else TRAINING
    rows = splits[chosen]
    image, label = _columns(rows.features, label, source)
    classes = checked(rows.features[label].names, f"hf:{source}")
    where = f"hf:{source}, {chosen}"
    labels = _labels(rows, label)
    is_known = (labels >= 0) & (labels < len(classes))
    found = [LeftOut(f"{where}[{number}]", "it has no label") for number in np.flatnonzero(~is_known)]
    left_out = settle(found, broken, f"{len(rows):,} rows of {where}")
    numbers = np.flatnonzero(is_known)
    if own is None:
        numbers = numbers[split.part(labels[numbers], classes, where, held_back=held_back)]
    encoded = _Rows(_undecoded(rows, image), where, image)
    pictures = looked_at(encoded, numbers, labels[numbers], classes, broken, where)
    return replace(pictures, left_out=left_out + pictures.left_out)


def _splits(source: str) -> Any:
    """The splits by name. The package runs no code of a data set from its version 4 on.

    Raises:
        Unusable: there is no such data set, it cannot be reached, or it is damaged.
    """
    import datasets

    datasets.logging.set_verbosity(datasets.logging.CRITICAL)  # what it has to say comes as an exception too
    if Path(source).is_dir():
        datasets.disable_progress_bars()
    try:
        return datasets.load_dataset(source)
    except Exception as error:  # of the package, of its transport, of its formats
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise Unusable(f"cannot read the data set hf:{source}: {reason}") from None


def _columns(features: Any, label: str, source: str) -> tuple[str, str]:
    """The names of the column with the pictures and of that with their labels.

    Raises:
        Unusable: there is none, or more than one.
    """
    from datasets import ClassLabel, Image

    columns = (f"{name} ({type(features[name]).__name__})" for name in features)
    there = f"hf:{source} has the columns {', '.join(columns)}"
    images = [name for name in features if isinstance(features[name], Image)]
    labels = [name for name in features if isinstance(features[name], ClassLabel)]
    if len(images) != 1:
        raise Unusable(f"{there}: training needs one of the type Image")
    if label and label not in labels:
        raise Unusable(f"{there}: {label} is none of the type ClassLabel")
    if not label and len(labels) != 1:
        how = f"write hf:{source}{LABEL_MARK}{labels[0]}" if labels else "training needs one of the type ClassLabel"
        raise Unusable(f"{there}: {how}")
    return images[0], label or labels[0]


def _labels(rows: Any, label: str) -> NDArray[np.int64]:
    """N, -1 where there is none."""
    labels = rows.select_columns([label])[:][label]
    return np.array([-1 if each is None else each for each in labels], np.int64)


def _undecoded(rows: Any, image: str) -> Any:
    """The column with the pictures, as the bytes of their files."""
    from datasets import Image

    return rows.select_columns([image]).cast_column(image, Image(decode=False))
