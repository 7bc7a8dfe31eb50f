"""Pictures in a folder, those of each class in a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cnndsl.training.data import split
from cnndsl.training.data.classes import checked
from cnndsl.training.data.data_set import DataSet
from cnndsl.training.data.pictures import Pictures, Stamp, looked_at
from cnndsl.training.errors import Unusable
from cnndsl.training.left_out import Broken, LeftOut, settle

__all__ = ["find"]

TRAINING = ("train", "training")
"""What the folder of the training part may be called, in letters of any case."""

HELD_BACK = ("val", "valid", "validation", "test", "testing")
"""Likewise; the first that is there."""


class _Layout(NamedTuple):
    """Where the two parts are; where there is only one, a fifth of it is held back."""

    training: Path
    held_back: Path | None
    unread: tuple[Path, ...]


@dataclass(frozen=True)
class _Listing:
    """What is in a part.

    Attributes:
        classes: the pictures of each class, by its name.
        told: what is not used, and is not meant to be.
        broken: what was meant to be used, and cannot be.
    """

    classes: dict[str, list[Path]] = field(default_factory=dict)
    told: list[LeftOut] = field(default_factory=list)
    broken: list[LeftOut] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(map(len, self.classes.values()))


@dataclass(frozen=True)
class _Files:
    """Files by number."""

    paths: list[Path]

    def name(self, number: int) -> str:
        return str(self.paths[number])

    def file(self, number: int) -> Path:
        return self.paths[number]

    def stamp(self, number: int) -> Stamp:
        return Stamp.of(self.paths[number])


def find(path: Path, broken: Broken) -> DataSet:
    """The data set in a folder.

    Raises:
        Unusable: nothing in it is arranged by class.
    """
    layout = _layout(path)
    read = partial(_read, layout, broken)
    return DataSet(str(path), partial(read, held_back=False), partial(read, held_back=True))


def _layout(path: Path) -> _Layout:
    """Where the parts are; a folder `train` that holds no folders is a class, of trains."""
    inside = _folders(path)
    if not inside:
        raise Unusable(f"{path} holds no folders: put the pictures of each class into a folder of its own")
    parts = {folder.name.casefold(): folder for folder in inside if _folders(folder)}
    training = next((parts[name] for name in TRAINING if name in parts), None)
    if training is None:
        return _Layout(path, None, ())
    others = [parts[name] for name in HELD_BACK if name in parts]
    if not others and len(inside) > 1:
        names = ", ".join(HELD_BACK)
        raise Unusable(f"{path} holds {training.name} and none of {names}: name {training} to have a fifth held back")
    return _Layout(training, others[0] if others else None, tuple(others[1:]))


def _folders(path: Path) -> list[Path]:
    """The folders in a folder, by name; hidden ones are nobody's class."""
    try:
        return sorted(entry for entry in path.iterdir() if not entry.name.startswith(".") and entry.is_dir())
    except OSError as error:
        raise Unusable(f"cannot list {path}: {error.strerror}") from None


def _read(layout: _Layout, broken: Broken, *, held_back: bool) -> Pictures:
    listing = _listing(layout.training)
    classes = checked((name for name, files in listing.classes.items() if files), str(layout.training))
    if held_back and layout.held_back:
        listing = _among(_listing(layout.held_back), layout.held_back, classes)
    where = layout.held_back if held_back and layout.held_back else layout.training
    left_out = settle(listing.broken, broken, f"{listing.count + len(listing.broken):,} files in {where}")
    paths = list(chain.from_iterable(listing.classes.get(name, ()) for name in classes))
    labels = np.repeat(np.arange(len(classes)), [len(listing.classes.get(name, ())) for name in classes])
    numbers = np.arange(len(paths))
    if layout.held_back is None:  # by names alone, so that what turns out to be broken moves nothing to the other part
        numbers = split.part(labels, classes, str(where), held_back=held_back)
    pictures = looked_at(_Files(paths), numbers, labels[numbers], classes, broken, str(where))
    unread = [LeftOut(str(folder), "another folder is held back") for folder in layout.unread]
    return replace(pictures, left_out=(*left_out, *listing.told, *unread, *pictures.left_out))


def _listing(part: Path) -> _Listing:
    """The classes of a part."""
    from cnndsl.training.pictures import suffixes

    listing, endings = _Listing(), suffixes()
    for folder in _folders(part):
        pictures = listing.classes[folder.name] = []
        for path in _files(folder, listing):
            if path.suffix.lower() in endings:
                pictures.append(path)
            else:
                listing.told.append(LeftOut(str(path), "its name does not end as a picture's"))
        if not pictures:
            listing.broken.append(LeftOut(str(folder), "there is no picture in it"))
    for path in sorted(part.iterdir()):
        if path.suffix.lower() in endings and not path.name.startswith(".") and not path.is_dir():
            listing.told.append(LeftOut(str(path), "it is in no class"))
    return listing


def _among(listing: _Listing, part: Path, classes: tuple[str, ...]) -> _Listing:
    """The listing of a part that has to make do with the classes of another."""
    unknown = [name for name in listing.classes if name not in classes]
    missing = [name for name in classes if name not in listing.classes]
    broken = [LeftOut(str(part / name), "the training part has no such class") for name in unknown]
    told = [LeftOut(str(part / name), "there is no such folder") for name in missing]
    return replace(listing, broken=listing.broken + broken, told=listing.told + told)


def _files(folder: Path, listing: _Listing) -> Iterator[Path]:
    """The files in a folder and in those below it, in order, without hidden ones.

    Links are followed. A folder that was seen before, a link to one above it for instance, is not entered again.
    """
    seen = {os.path.realpath(folder)}

    def unlisted(error: OSError) -> None:
        listing.broken.append(LeftOut(str(error.filename), f"it cannot be listed: {error.strerror}"))

    for above, folders, files in os.walk(folder, onerror=unlisted, followlinks=True):
        entered = []
        for name in sorted(name for name in folders if not name.startswith(".")):
            place = os.path.realpath(Path(above, name))
            if place in seen:
                listing.told.append(LeftOut(str(Path(above, name)), "it leads to a folder that was read already"))
            else:
                entered.append(name)
                seen.add(place)
        folders[:] = entered
        yield from (Path(above, name) for name in sorted(files) if not name.startswith("."))
