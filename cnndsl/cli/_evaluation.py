"""How good a network is, as people read it and as a spreadsheet does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cnndsl.backends.report import csv
from cnndsl.backends.report.table import Heading, Line, Table
from cnndsl.backends.report.terminal import natural_width, write
from cnndsl.backends.report.values import Share
from cnndsl.cli._terminal import table_style, text_width

if TYPE_CHECKING:
    from cnndsl.training.evaluation import ClassFigures, Confusion, Evaluation

__all__ = ["as_csv", "as_text"]

MOST_CLASSES = 20
"""Classes in the table of a terminal; of more, those with the lowest F1 are told."""

MOST_CONFUSIONS = 10


def as_text(evaluation: Evaluation, data: str) -> str:
    """Totals, a table of the classes, and what was taken for what; ends with a line end."""
    parts = ["".join(f"{line}\n" for line in _totals(evaluation, data)), write(_classes(evaluation), table_style())]
    if evaluation.confusions:
        parts.append(_confusion(evaluation))
    return "\n".join(parts)


def as_csv(evaluation: Evaluation) -> str:
    """The confusion matrix: a row for each class, a column for each that it may be taken for."""
    return csv.write([_matrix(evaluation)])


def _totals(evaluation: Evaluation, data: str) -> Iterator[str]:
    counts = f"{evaluation.right:,} of {evaluation.images:,} held-back images of {data}"
    yield f"accuracy {100 * evaluation.accuracy:.2f} %  ({counts})"
    if evaluation.top5 is not None:
        yield f"top-5    {100 * evaluation.top5:.2f} %"
    yield f"loss     {evaluation.loss:.4f}"


def _classes(evaluation: Evaluation) -> Table:
    every = evaluation.classes
    shown, note = every, ""
    if len(every) > MOST_CLASSES:
        shown = tuple(sorted(every, key=lambda each: each.f1)[:MOST_CLASSES])
        note = f"the {MOST_CLASSES} of {len(every):,} classes with the lowest F1: --format json has all"
    return Table(
        title="",
        label="class",
        headings=tuple(Heading(word, word, is_number=True) for word in ("precision", "recall", "F1", "images")),
        lines=tuple(map(_class, shown)),
        notes=(note,) if note else (),
    )


def _class(found: ClassFigures) -> Line:
    shares = (Share(part) for part in (found.precision, found.recall, found.f1))
    return Line(found.name, 1, (), (*shares, found.support))


def _confusion(evaluation: Evaluation) -> str:
    """The matrix where it fits, and else the most frequent confusions."""
    matrix = _matrix(evaluation)
    if natural_width(matrix) <= text_width():
        return write(matrix, table_style())
    most = evaluation.confusions[:MOST_CONFUSIONS]
    return "".join(f"{line}\n" for line in ("most frequent confusions", "", *map(_told, most)))


def _told(found: Confusion) -> str:
    return f"{found.name} taken for {found.taken_for}: {found.times:,} time{'s' * (found.times > 1)}"


def _matrix(evaluation: Evaluation) -> Table:
    names = [each.name for each in evaluation.classes]
    return Table(
        title="",
        label="class taken for",
        headings=tuple(Heading(name, name, is_number=True) for name in names),
        lines=tuple(Line(name, 1, (), row) for name, row in zip(names, evaluation.confusion, strict=True)),
    )
