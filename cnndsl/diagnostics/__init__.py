"""The diagnostic value, the catalogue of codes, suggestions; renderers for terminals and for JSON."""

from cnndsl.diagnostics.codes import CODES, Severity
from cnndsl.diagnostics.diagnostic import Diagnostic, Diagnostics, Label
from cnndsl.diagnostics.suggest import did_you_mean, nearest

__all__ = ["CODES", "Diagnostic", "Diagnostics", "Label", "Severity", "did_you_mean", "nearest"]
