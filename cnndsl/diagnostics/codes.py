"""The catalogue: every code that a diagnostic may carry."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from cnndsl.resources import MOST_NODES, MOST_STEPS, STEPS_OF_A_NODE

__all__ = ["CODES", "WARNINGS", "Code", "Severity"]


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"


class Code(NamedTuple):
    """A kind of diagnostic.

    Attributes:
        severity: how much it matters.
        rule: what it is about, in a sentence.
        is_of_lint: whether `cnndsl lint` alone looks for it.
        is_on: whether that looks for it unasked.
    """

    severity: Severity
    rule: str
    is_of_lint: bool = False
    is_on: bool = True


def _error(rule: str) -> Code:
    return Code(Severity.ERROR, rule)


def _warning(rule: str) -> Code:
    return Code(Severity.WARNING, rule)


def _lint(rule: str, *, is_on: bool = True) -> Code:
    return Code(Severity.WARNING, rule, is_of_lint=True, is_on=is_on)


CODES: dict[str, Code] = {
    # syntax
    "syntax": _error("The text follows the grammar."),
    "unclosed-bracket": _error("Every bracket has its partner."),
    "missing-arrow": _error("A path is joined with `->`; a statement starts on a line of its own and reads nothing."),
    "bad-statement": _error("No statement starts with `(` or `-`; a call's `(` stands on the line of its name."),
    "bad-parameter": _error("A parameter of a definition is a name, with or without a default, each once."),
    "text-too-long": _error("A text has at most 262,144 characters, and at most 100,000 words and signs."),
    "nested-too-deep": _error("Brackets nest at most 200 deep, calls at most 200."),
    "number-too-large": _error("Whole numbers stay below 2^63, others are finite."),
    # names
    "unknown-name": _error("A word is a parameter, a definition, a layer or a symbol of a layer."),
    "unknown-layer": _error("A word with brackets is a definition, a layer or a function."),
    "unbound-count": _error("A name that stands for a number has a value in the file or from the command line."),
    "reserved-name": _error("No definition or parameter is spelled as a layer in capitals, or as C, H or W."),
    "defined-twice": _error("A name is defined once."),
    "ambiguous-case": _error("Beside a definition `conv`, `CONV` is the layer and no third spelling is allowed."),
    "bad-override": _error(
        "`-D` sets a number, string, boolean, size, tuple, switch or free name of a file, `--input` an input's size."
    ),
    "named-twice": _error("In one body `as` gives each name once, and no name of a parameter or definition."),
    "read-before-named": _error("A value is read below the place that names it."),
    "out-of-sight": _error("A value is read in the body that names it: the file, a definition, a copy, a row."),
    "not-built": _error("A value that is read was built: its side was taken, its repetition not 0 times."),
    "bad-use": _error("`use` names a file beside this one or a shipped one, which is right and does not use this one."),
    "ambiguous-use": _error("A name that two files bring in is read only where the file defines it itself."),
    "bad-default": _error("`default` sets the arguments of a layer, once for each layer."),
    "no-model": _error("The model that is asked for is one of the file."),
    "which-model": _error("Of a file with several models, one is asked for where one is needed."),
    # arguments and values
    "missing-argument": _error("A parameter without a default needs an argument."),
    "too-many-arguments": _error("A call has at most as many arguments as there are parameters."),
    "unknown-argument": _error("A keyword is the name of a parameter."),
    "repeated-argument": _error("A parameter gets one argument."),
    "bad-argument": _error("An argument is of the kind and in the range that its layer asks for."),
    "bad-value": _error("A value is of the kind that its place asks for."),
    "bad-arithmetic": _error("Arithmetic has a result: no division by zero, no words, whole numbers where they count."),
    "bad-count": _error("A count of repetitions is whole and not negative."),
    "bad-row": _error("Every row of a table has as many entries as there are names, and each name stands once."),
    "no-shape": _error("C, H and W are the shape that enters an element; at the top level nothing enters."),
    # structure
    "not-a-network": _error("What stands in a path is a network."),
    "not-a-number": _error("What stands in arithmetic is a number."),
    "bare-merge": _error("Merges of networks stand in [ ]."),
    "bare-branch": _error("Each side of `if ... else ...` is a single element."),
    "input-inside": _error("INPUT starts a path: what arrives at it would be lost."),
    "no-input": _error("A flow starts with INPUT."),
    "endless-definition": _error("A definition that contains itself ends by a conditional."),
    "too-many-nodes": _error(
        f"The networks of a file have at most {MOST_NODES:,} nodes, all together, or as many as --max-nodes says."
    ),
    "too-many-steps": _error(
        f"A spec is compiled in at most {MOST_STEPS:,} steps, and {STEPS_OF_A_NODE} more for each node that is known "
        "before it is expanded."
    ),
    "lost-value": _error("What arrives at an element is read: by it, by name, or as an output."),
    "model-as-value": _error("The name of a model is no value of another one."),
    "shared-weights": _error("All uses of something shared need weights of the same shapes."),
    "requirement": _error("What a file requires holds."),
    # shapes
    "window-too-large": _error("A window fits into its map: (W + P_lo + P_hi - d*(K-1) - 1)/S + 1 is at least 1."),
    "shape-mismatch": _error(
        "Terms of a sum have one shape; branches of a concatenation agree in their spatial sizes."
    ),
    "needs-map": _error("Layers that slide over positions need a map, C x spatial, not a vector."),
    "groups": _error("Groups divide the channels that enter and the filters that leave."),
    "out-of-range": _error("A selection lies inside what it selects from."),
    "open-size": _error("What needs a number does not depend on an open size, H or W of `INPUT(3xHxW)`."),
    # training
    "misfit": _error("A network that is trained fits its data: an input of its images, an output with its classes."),
    "bad-recipe": _error(
        "A recipe is one `TRAIN(...)`: values by keyword, of the parts that there are, which go together."
    ),
    "beyond-the-end": _warning("What a recipe says of an epoch is said of one that there is."),
    # likely slips that are legal
    "unnamed-choice": _warning("A choice `A | B` is the whole right side of a definition, so that it has a name."),
    "unused-definition": _warning("In a file with a network, every definition is used somewhere."),
    "unused-value": _warning("A value that `as` names is read by that name, or leaves the network under it."),
    "channels-written": _warning(
        "The channels that enter a layer are known and not written: CONV(64, 3), not CONV(3, 64, 3)."
    ),
    "size-product": _warning("A size is written with x: `3*3` is the number 9."),
    "size-order": _warning("Sizes are channels first: 3x224x224."),
    # what depends on the size of the input
    "undecided": _warning("A network with open sizes is checked for all of them; it may fit together for some only."),
    # what is told of warnings
    "unknown-code": _warning("A comment `# off: CODE` or `# on: CODE` names a warning that there is."),
    "needless-off": _lint("A comment `# off: CODE` has something to silence.", is_on=False),
    # designs that are legal, and seldom meant
    "dropped-border": _lint("A window that moves on by more than 1 reads its map to the end."),
    "kernel-beyond-map": _lint("The map that a convolution slides over is at least as large as its kernel."),
    "pools-nothing": _lint("What is pooled has more than one position."),
    "needless-bias": _lint(
        "A layer before a batch norm has no bias: the norm takes the mean away, and the bias with it."
    ),
    "dropout-before-norm": _lint(
        "No dropout comes before a batch norm, whose running variance is that of training, where values are dropped."
    ),
    "linear-pair": _lint(
        "Between two layers with weights stands something that is not linear; depthwise, grouped and one-dimensional "
        "kernels are made to work in pairs."
    ),
    "heavy-fc": _lint("No single FC of a network with convolutions has most of its parameters."),
    "narrow-view": _lint("Where the last map is averaged, the receptive field of a position is as large as the input."),
    "softmax-at-end": _lint("A network ends with the logits: the loss that it is trained by has the softmax."),
    "uneven-channels": _lint(
        "Filters and units come in multiples of 8, as tensor cores take them; the last layer has as many as asked for.",
        is_on=False,
    ),
}

WARNINGS = tuple(code for code, its in CODES.items() if its.severity is Severity.WARNING)
"""The codes that can be turned off and on."""
