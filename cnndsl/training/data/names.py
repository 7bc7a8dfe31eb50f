"""What `--data` can name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cnndsl.diagnostics.suggest import did_you_mean
from cnndsl.training.data import cifar, folder, hub, idx, npz, shipped
from cnndsl.training.data.data_set import DataSet
from cnndsl.training.errors import Unusable
from cnndsl.training.forms import FORMS
from cnndsl.training.left_out import Broken

__all__ = ["DATA_SETS", "find"]

DATA_SETS = {data_set.name: data_set for data_set in (shipped.DIGITS, shipped.MNIST5K)}
"""Those that come with a package, by name."""

SOURCES: dict[str, Callable[[Path, Broken], DataSet]] = {"idx": idx.find, "cifar": cifar.find}
"""Those in files of a format of their own, by what stands before the colon."""

HUB = "hf"


def find(name: str, *, broken: Broken = "fail", folder: Path | None = None) -> DataSet:
    """The data set of a name.

    Args:
        name: one of `FORMS`.
        broken: what becomes of it where files or images in it cannot be used.
        folder: where relative paths start; the working directory if none is given.

    Raises:
        Unusable: there is none.
    """
    if name in DATA_SETS:
        return DATA_SETS[name]
    if not name or not name.isprintable():
        raise Unusable(f"{name!r} cannot be the name of a data set")
    prefix, _, rest = name.partition(":")
    try:
        if prefix == HUB and rest:
            return hub.find(rest, _path(rest, folder), broken)
        if prefix in SOURCES and rest:
            return SOURCES[prefix](_path(rest, folder), broken)
        return _at(_path(name, folder), name, broken)
    except (OSError, RuntimeError) as error:  # a name that is too long, a home folder of nobody
        raise Unusable(f"cannot look for the data set {name}: {getattr(error, 'strerror', None) or error}") from None


def _path(name: str, start: Path | None) -> Path:
    return ((start or Path()) / Path(name).expanduser()).absolute()


def _at(path: Path, name: str, broken: Broken) -> DataSet:
    """A data set that is named by nothing but its path."""
    if path.is_dir():
        for prefix, source in (("idx", idx), ("cifar", cifar)):
            if source.is_there(path):
                raise Unusable(f"{name} holds files of the format {source.FORMAT}: write {prefix}:{name}")
        return folder.find(path, broken)
    if path.suffix == npz.SUFFIX and path.is_file():
        return npz.find(path, broken)
    if path.exists():
        raise Unusable(f"{name} is no data set: it is neither a folder nor a {npz.SUFFIX} file")
    prefix, colon, _ = name.partition(":")
    meant = did_you_mean(prefix, (*SOURCES, HUB)) if colon else did_you_mean(name, DATA_SETS)
    if not meant and (Path(name).name != name or path.suffix == npz.SUFFIX):
        raise Unusable(f"there is no data set {name}: no such file or folder")
    raise Unusable(f"there is no data set `{name}`; {meant or 'there are ' + ', '.join(FORMS)}")
