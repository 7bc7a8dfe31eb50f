"""The diagnostic value, the catalogue of codes, suggestions; renderers for terminals and for JSON."""

from cnndsl.diagnostics.codes import CODES, WARNINGS, Severity
from cnndsl.diagnostics.diagnostic import Diagnostic, Diagnostics, Label, Step
from cnndsl.diagnostics.fix import Fix, instead, perhaps
from cnndsl.diagnostics.suggest import did_you_mean, nearest, suggestion

__all__ = [
    "CODES",
    "WARNINGS",
    "Diagnostic",
    "Diagnostics",
    "Fix",
    "Label",
    "Severity",
    "Step",
    "did_you_mean",
    "instead",
    "nearest",
    "perhaps",
    "suggestion",
]
