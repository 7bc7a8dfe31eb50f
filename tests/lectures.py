"""What the five lectures say that can be counted, and what it comes to here, computed from specs and formulas.

A verdict follows from the numbers. `python tests/lectures.py docs/lectures.md` writes the tables of the page.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache, partial
from itertools import chain, pairwise, product, starmap
from math import exp, prod
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import cnndsl
from cnndsl.analyses.cost import cost
from cnndsl.analyses.receptive_field import receptive_fields
from cnndsl.graph import Graph, Node
from cnndsl.layers.registry import layers_by_word

Number = int | float | Fraction
Rows = tuple[tuple[Number, ...], ...]
Value = Number | str | Rows
Computed = Callable[[], Value]


class Lecture(NamedTuple):
    title: str
    authors: str


LECTURES = (
    Lecture(
        "Image Classification using Convolutional Neural Networks (CNNs)", "Jonas Krause, Lipyeow Lim and Kyungim Baek"
    ),
    Lecture("Neural Networks: Convolutional Neural Networks", "Andrzej Kordecki, Lecture 11"),
    Lecture("CNNs for Image Classification", "Sebastian Raschka, STAT 479: Deep Learning, SS 2019"),
    Lecture("ImageNet Classification with Deep Convolutional Neural Networks", "Faizaan Naveed and Won Mo (Andy) Jung"),
    Lecture("Advanced Section #8: Neural Networks for Image Analysis", "Camilo Fosco, CS109A"),
)


class Other(NamedTuple):
    """Another reading, under which the lecture may be right."""

    reading: str
    ours: Computed


class Claim(NamedTuple):
    """What a lecture says.

    Attributes:
        lecture: its number, from 1.
        claim: what is claimed, in a few words.
        says: the number or word that the lecture gives.
        reading: what is counted, and how.
        ours: what it comes to.
        written: how the lecture writes what it says, where that is not how `show` does.
        unit: what stands behind the numbers.
        detail: what is told in brackets behind ours.
        other: the reading under which a loose claim is right.
        why: what is wrong or loose, a sentence that may name `{ours}`, `{other}`, `{says}` and the facts.
        facts: further numbers of that sentence.
    """

    lecture: int
    claim: str
    says: Value
    reading: str
    ours: Computed
    written: str = ""
    unit: str = ""
    detail: Computed | None = None
    other: Other | None = None
    why: str = ""
    facts: Mapping[str, Computed] = MappingProxyType({})


# Verdicts


def digits(number: Number) -> int:
    """How many digits a number is given to: zeros at its end do not count, 60,000,000 has one."""
    return len(Decimal(str(number)).normalize().as_tuple().digits)


def agrees(ours: Value, says: Value) -> bool:
    """Whether ours is what is said, at least to the digits in which it is said."""
    if ours == says:
        return True
    if isinstance(ours, tuple) and isinstance(says, tuple):
        return len(ours) == len(says) and all(
            len(mine) == len(theirs) and all(map(agrees, mine, theirs)) for mine, theirs in zip(ours, says, strict=True)
        )
    if isinstance(ours, str | tuple) or isinstance(says, str | tuple | Fraction):
        return False
    return float(f"{float(ours):.{digits(says) - 1}e}") == says


VERDICTS = ("right", "rounded", "loose", "wrong")


def verdict(claim: Claim) -> str:
    """`right` to the last digit, `rounded` to the digits given, `loose` under another reading only, or `wrong`."""
    ours = claim.ours()
    if ours == claim.says:
        return "right"
    if agrees(ours, claim.says):
        return "rounded"
    return "loose" if claim.other and agrees(claim.other.ours(), claim.says) else "wrong"


# Networks


@cache
def zoo(name: str) -> Graph:
    return cnndsl.load(f"zoo:{name}").graph


@cache
def net(text: str, **parameters: Any) -> Graph:
    return cnndsl.parse(text, **parameters).graph


def params(graph: Graph) -> int:
    return cost(graph).params


def macs(graph: Graph) -> int:
    return cost(graph).macs


def of(graph: Graph, *words: str) -> list[Node]:
    """The nodes of some layer types."""
    return [node for node in graph if node.layer.word() in words]


CONV, DENSE, POOLS = ("CONV", "DWCONV"), ("FC",), ("POOL", "AVGPOOL")
WEIGHTED = (*CONV, *DENSE)


def widths(nodes: list[Node]) -> list[int]:
    return [node.type.channels for node in nodes]


def listed(numbers: list[int]) -> str:
    return ", ".join(f"{number:,}" for number in numbers)


def neurons(graph: Graph, *words: str) -> int:
    return sum(node.type.elements for node in of(graph, *words))


def entering(graph: Graph) -> int:
    return graph.inputs[0].node.type.elements


def leaving(graph: Graph) -> str:
    return str(graph.outputs[0].node.type)


def side(graph: Graph) -> int:
    """The height of the map that leaves."""
    return graph.outputs[0].node.type.spatial[0]


def plane(graph: Graph) -> str:
    """Height and width of the map that leaves."""
    return "x".join(map(str, graph.outputs[0].node.type.spatial))


def size(graph: Graph, path: str) -> str:
    return str(graph.node(path).type)


def elements(graph: Graph, path: str) -> int:
    """The values that leave a node."""
    return graph.node(path).type.elements


def learned(graph: Graph, path: str) -> int:
    """The parameters of a node."""
    return next(row.params for row in cost(graph).rows if row.node.path == path)


def row(graph: Graph, path: str) -> str:
    """A row of a table of layers: what leaves, and the parameters."""
    return f"{size(graph, path)}, {learned(graph, path):,}"


def shape(graph: Graph, path: str, parameter: str = "weight") -> str:
    node = graph.node(path)
    return "x".join(map(str, node.layer.parameters(node.input_types)[parameter]))


def depth(graph: Graph) -> int:
    """The layers with weights on the longest path."""
    found: dict[Node, int] = {}
    for node in graph:
        found[node] = max((found[read] for read in node.inputs), default=0) + (node.layer.word() in WEIGHTED)
    return max(found.values())


def field(text: str) -> str:
    """The receptive field of the last node."""
    *_, last = receptive_fields(net(text)).rows
    (axes,) = last.along.values()
    return "x".join(str(axis.size) for axis in axes if axis)


def same(one: Graph, other: Graph) -> str:
    """Whether two networks have the same layers of the same sizes in the same places."""
    pictures = [
        [(str(node.layer), node.type, [read.index for read in node.inputs]) for node in graph] for graph in (one, other)
    ]
    return "the same network" if pictures[0] == pictures[1] else "two networks"


def yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


PATTERN = "pool = POOL?\nINPUT -> [[CONV -> RELU]*N -> pool]*M -> [FC -> RELU]*K -> FC"
"""The pattern of the lecture, its optional pooling with a name."""


def follows(values: tuple[int, int, int, str], spec: str) -> str:
    """Whether a shipped network is the pattern with these values of N, M, K and the switch of its pooling."""
    n, m, k, pool = values
    return same(net(PATTERN, N=n, M=m, K=k, pool=pool), zoo(spec))


def its_parameters(spec: str) -> str:
    return f"{params(zoo(spec)):,} parameters"


def pooled(nodes: list[Node], graph: Graph) -> str:
    """How many of some nodes of a chain have a pooling between them and the next layer with weights."""
    following = {
        node: "".join("p" if each.layer.word() in POOLS else "w" for each in of(graph, *POOLS, *WEIGHTED))[place + 1 :]
        for place, node in enumerate(of(graph, *POOLS, *WEIGHTED))
    }
    count = sum(following[node].startswith("p") for node in nodes)
    return "each" if count == len(nodes) else f"{count} of {len(nodes)}"


def without_pooling(text: str) -> str:
    return text.replace(" -> POOL", "")


EURONET = (
    "INPUT(13x64x64) -> [[CONV(c) -> RELU]*2 -> POOL for c in 28, 56, 112] -> FC(784) -> RELU -> FC(10) -> SIGMOID"
)
INCEPTION_3A = "INPUT(192x28x28) -> [CONV(64, 1), CONV(128, 3), CONV(32, 5), POOL(3, 1, padding=same) -> CONV(32, 1)]"
"""GoogLeNet's first inception module without the narrow convolutions before the wide ones."""
UNBORDERED = "INPUT(3x224x224) -> CONV(96, 11, 4, padding=valid) -> POOL(3, 2) -> CONV(256, 5, groups=2)"
"""AlexNet up to its second convolution, on the size printed and without a border."""

# Kernels and images


def printed(text: str) -> Rows:
    """Rows of whole numbers, as a lecture prints them."""
    return tuple(tuple(map(int, line.split())) for line in text.split(","))


def divided(rows: Rows, divisor: int) -> Rows:
    return tuple(tuple(Fraction(number) / divisor for number in line) for line in rows)


@cache
def kernel(name: str) -> Rows:
    """The kernel of FILTER, from the text of the module that it becomes."""
    source = cnndsl.parse(f"INPUT(1x3x3) -> FILTER({name})").torch_source()
    found = re.search(r"= FixedFilter\(1, (\(.*?\)\))(?:, divisor=(\d+))?\)", source)
    assert found
    return divided(ast.literal_eval(found[1]), int(found[2] or 1))


def total(rows: Rows) -> Number:
    return sum(chain(*rows))


def gaussian(sigma: float) -> Rows:
    """A Gaussian over 3x3 places, its values adding up to 1."""
    heights = [[exp(-(x * x + y * y) / (2 * sigma * sigma)) for x in (-1, 0, 1)] for y in (-1, 0, 1)]
    volume = sum(chain(*heights))
    return tuple(tuple(height / volume for height in line) for line in heights)


def correlated(image: Rows, kernel: Rows) -> Rows:
    """The kernel laid over every place where it fits, as it is printed: what CONV computes without its bias."""
    rows, columns = len(kernel), len(kernel[0])
    return tuple(
        tuple(
            sum(kernel[y][x] * image[top + y][left + x] for y, x in product(range(rows), range(columns)))
            for left in range(len(image[0]) - columns + 1)
        )
        for top in range(len(image) - rows + 1)
    )


def moved(image: Rows) -> Rows:
    """An image one place to the right; what it has at its right border is lost."""
    return tuple((0, *line[:-1]) for line in image)


def turned(rows: Rows) -> Rows:
    """Rows as columns."""
    return tuple(zip(*rows, strict=True))


def first_value(weights: str, values: str) -> str:
    """The first value of a convolution, in letters: weights of 2x2 over an image of 4x3."""
    places = (0, 1, 3, 4)
    return " + ".join(f"w{weight}{values[place]}" for weight, place in zip(weights, places, strict=True))


def edges_found(rows: Rows) -> str:
    """Which edges a kernel answers to, of a picture that has one from top to bottom and of the same one turned."""
    answers = {
        direction: any(chain(*correlated(image, rows)))
        for direction, image in (("vertical", EDGE), ("horizontal", turned(EDGE)))
    }
    return " and ".join(direction for direction, answered in answers.items() if answered)


EDGE = printed(",".join(["0 0 0 0 0 0 1 1 1 1 1"] * 8))
"""Eight rows of six zeros and five ones, as the lecture has them."""
CURVE = printed("0 0 0 0 0 30 0, 0 0 0 0 30 0 0" + ", 0 0 0 30 0 0 0" * 4 + ", 0 0 0 0 0 0 0")
BACK = printed("0 0 0 0 0 0 30, 0 0 0 0 50 50 50, 0 0 0 20 50 0 0" + ", 0 0 0 50 50 0 0" * 4)
HEAD = printed(
    "0 0 0 0 0 0 0, 0 40 0 0 0 0 0, 40 0 40 0 0 0 0, 40 20 0 0 0 0 0, 0 50 0 0 0 0 0, 0 0 50 0 0 0 0, 25 25 0 50 0 0 0"
)
RED = printed("0 0 0, 0 156 155, 0 153 154")
"""The first window of the red channel, with its border of zeros."""
SOBEL = printed("1 2 1, 0 0 0, -1 -2 -1")
BLOB = printed(
    "0 0 0 0 0 0 0 0, 0 0 0 0 0 0 0 0, 0 0 0 3 1 0 0 0, 0 0 0 4 2 0 0 0, 0 0 0 0 5 0 0 0, 0 0 0 0 0 0 0 0, "
    "0 0 0 0 0 0 0 0"
)
"""A picture with room around what it shows."""
MASK: Rows = ((0.01, 0.08, 0.01), (0.08, 0.62, 0.08), (0.01, 0.08, 0.01))

KERNELS = {
    "identity": printed("0 0 0, 0 1 0, 0 0 0"),
    "corners": printed("1 0 -1, 0 0 0, -1 0 1"),
    "laplace": printed("0 1 0, 1 -4 1, 0 1 0"),
    "edges": printed("-1 -1 -1, -1 8 -1, -1 -1 -1"),
    "sharpen": printed("0 -1 0, -1 5 -1, 0 -1 0"),
}
"""What two of the lectures print, by the names that FILTER has for it."""

# Sizes


def size_by_formula(w: int, k: int, p: int, s: int) -> Fraction:
    return Fraction(w - k + 2 * p, s) + 1


def convolved(w: int, k: int, p: int, s: int) -> int:
    return side(net(f"INPUT(1x{w}x{w}) -> CONV(1, {k}, {s}, {p})"))


SIZES = list(product((28, 32, 224, 227), (3, 5, 11), (0, 1, 2), (1, 2, 4)))


def cases(formula: Callable[[int, int, int, int], Number]) -> str:
    """In how many cases a formula gives the size of the map."""
    count = sum(formula(*case) == convolved(*case) for case in SIZES)
    return "all cases" if count == len(SIZES) else f"{count} of {len(SIZES)} cases"


def same_padded(stride: int) -> str:
    return plane(net(f"INPUT(3x32x32) -> CONV(16, 5, {stride}, same)"))


def visits(padding: str) -> set[int]:
    """How often a 3x3 filter reads the places of a 5x5 image."""
    border = {"valid": 0, "same": 1, "full": 2}[padding]
    starts = range(-border, side(net(f"INPUT(1x5x5) -> CONV(1, 3, padding={padding})")) - border)
    along = [sum(start <= place < start + 3 for start in starts) for place in range(5)]
    return set(starmap(int.__mul__, product(along, along)))


def varied(name: str) -> list[str]:
    """The attributes in which the convolutions of a network differ."""
    layers = [node.layer for node in of(zoo(name), *CONV)]
    return [each for each in layers[0].attributes if len({layer.value(each) for layer in layers}) > 1]


def way(start: int, end: int) -> str:
    return "right" if end > start else "left"


def fewer(one: int, other: int) -> str:
    return "fewer" if one < other else "not fewer"


def against(one: int, other: int) -> str:
    return f"{one:,} against {other:,}"


def krause() -> Iterator[Claim]:
    yield Claim(1, "CIFAR-10 has 60,000 images", 60_000, "10 classes of 6,000", lambda: classes_of() * 6_000)
    yield Claim(
        1,
        "CIFAR-10: its two parts are the whole",
        60_000,
        "50,000 to train and 10,000 to test",
        lambda: 50_000 + 10_000,
    )
    yield Claim(
        1,
        "the curve filter on the mouse's back",
        6_600,
        "products of 7x7 values, added",
        lambda: total(correlated(BACK, CURVE)),
        why="The first rows of filter and head are damaged in the text; they are taken to be 0 0 0 0 0 30 0 and zeros.",
    )
    yield Claim(1, "the curve filter on its head", 0, "the same", lambda: total(correlated(HEAD, CURVE)))
    yield Claim(
        1,
        "kernel channel 1 on the red channel",
        308,
        "the first value, with a border of zeros",
        lambda: total(correlated(RED, printed("-1 -1 1, 0 1 -1, 0 1 1"))),
    )
    for name, rows in KERNELS.items():
        title = f"edge detection, {name}" if name in ("corners", "laplace", "edges") else name
        yield Claim(1, f"kernel: {title}", rows, f"`FILTER({name})`", partial(kernel, name))
    yield Claim(
        1,
        "the three kernels find edges",
        "0, 0, 0",
        "their sums, the answer where all is even",
        lambda: ", ".join(str(total(kernel(name))) for name in ("corners", "laplace", "edges")),
        written="edge detection",
    )
    yield Claim(
        1,
        "box blur",
        divided(printed("1 1 1, 1 1 1, 1 1 1"), 9),
        "`FILTER(box)`",
        lambda: kernel("box"),
        written="1/9 of 1 1 1, 1 1 1, 1 1 1",
    )
    yield Claim(1, "box blur is normalized", 1, "the sum of its kernel", lambda: total(kernel("box")))
    yield Claim(
        1,
        "Gaussian blur",
        divided(printed("1 2 1, 2 4 2, 1 2 1"), 16),
        "`FILTER(gauss)`",
        lambda: kernel("gauss"),
        written="1/16 of 1 2 1, 2 4 2, 1 2 1",
    )
    yield Claim(
        1,
        "the divisor of the Gaussian blur",
        16,
        "the sum of its whole numbers, which keeps what is even",
        lambda: total(printed("1 2 1, 2 4 2, 1 2 1")),
    )
    yield Claim(
        1,
        "a value of a feature map sums over h, w and d",
        3 * 3 * 3,
        "products of a 3x3 kernel on three channels, for each value",
        lambda: Fraction(macs(net("INPUT(3x5x5) -> CONV(1, 3)")), neurons(net("INPUT(3x5x5) -> CONV(1, 3)"), *CONV)),
        written="h w d",
    )
    for line, spec, values, told in (
        ("INPUT -> FC is the pattern with N = M = K = 0", "lecture-linear", (0, 0, 0, "on"), "layer by layer"),
        ("INPUT -> CONV -> RELU -> FC", "lecture-one-conv", (1, 1, 0, "off"), "N = M = 1, K = 0, no POOL"),
        ("[CONV -> RELU -> POOL]*2 -> FC -> RELU -> FC", "lecture-conv-pool", (1, 2, 1, "on"), "N = 1, M = 2, K = 1"),
        ("the line with two CONVs before a POOL", "lecture-stacked", (2, 3, 2, "on"), "N = 2, M = 3, K = 2"),
        ("the example with >>", "lecture-arrows", (2, 3, 0, "on"), "N = 2, M = 3, K = 0"),
    ):
        yield Claim(
            1,
            line if "pattern" in line else f"{line} follows the pattern",
            "the same network",
            told,
            partial(follows, values, spec),
            written="follows it",
            detail=partial(its_parameters, spec),
        )
    for number, spec in ((1, "lecture-conv-pool"), (2, "lecture-stacked")):
        yield Claim(
            1,
            f"{'a single CONV' if number == 1 else 'two CONVs'} before every POOL",
            number,
            f"`zoo:{spec}`",
            partial(convolutions_to_a_pooling, spec),
        )
    yield Claim(
        1,
        "CONV and FC have parameters, RELU and POOL none",
        "CONV, FC",
        "the layers of `zoo:lecture-stacked` that learn",
        lambda: ", ".join(sorted({row.node.layer.word() for row in cost(zoo("lecture-stacked")).rows if row.params})),
    )
    yield Claim(
        1,
        "CONV, FC and POOL have hyperparameters, RELU none",
        "CONV, FC, POOL",
        "those of the four that take arguments",
        lambda: ", ".join(word for word in ("CONV", "FC", "POOL", "RELU") if layers_by_word()[word].attributes),
    )
    yield Claim(
        1,
        "pooling works on each depth slice by itself",
        "the same depth",
        "channels before and behind each pooling of VGG-16",
        lambda: "the same depth" if all(kept(node) for node in of(zoo("vgg16"), "POOL")) else "another depth",
    )
    yield Claim(
        1,
        "a fully connected unit reads all activations",
        "all",
        "weights of AlexNet's first FC for each of its units, of what enters",
        lambda: "all" if reads_all(zoo("alexnet").node("dense1.fc1")) else "some",
        detail=lambda: f"{zoo('alexnet').node('dense1.fc1').input_types[0].elements:,} each",
    )
    yield Claim(
        1,
        "networks for ImageNet tell 1,000 classes apart",
        1_000,
        "what leaves AlexNet, VGG-16, GoogLeNet, ResNet-50 and SE-ResNet-50",
        lambda: agreed([classes_of(name) for name in ("alexnet", "vgg16", "googlenet", "resnet50", "seresnet50")]),
    )


def convolutions_to_a_pooling(spec: str) -> Fraction:
    return Fraction(len(of(zoo(spec), *CONV)), len(of(zoo(spec), *POOLS)))


def agreed(numbers: list[int]) -> Value:
    return numbers[0] if len(set(numbers)) == 1 else listed(numbers)


def kept(node: Node) -> bool:
    return node.type.channels == node.input_types[0].channels


def reads_all(node: Node) -> bool:
    weights = prod(node.layer.parameters(node.input_types)["weight"])
    return weights == node.type.channels * node.input_types[0].elements


def classes_of(name: str = "linear-cifar10") -> int:
    return zoo(name).outputs[0].node.type.channels


def kordecki() -> Iterator[Claim]:
    yield Claim(
        2,
        "a 2x2 kernel on a 4x3 image",
        "3x2",
        "the size of the output",
        lambda: plane(net("INPUT(1x4x3) -> CONV(1, 2, padding=valid)")),
    )
    yield Claim(
        2,
        "the first value of that convolution",
        "w1a + w2b + w3d + w4e",
        "by the formula printed before it, which turns the kernel round",
        lambda: first_value("4321", "abcdefghijkl"),
        other=Other(
            "the kernel as it lies: cross-correlation, what CONV computes", lambda: first_value("1234", "abcdefghijkl")
        ),
        why="The formula and the example are two operations; networks use that of the example.",
    )
    yield Claim(
        2,
        "a Gaussian filter",
        MASK,
        "a Gaussian of width 0.5, normalized",
        lambda: gaussian(0.5),
        why="What is printed adds up to {sum}: rounded like that, it darkens a little.",
        facts={"sum": lambda: float(f"{total(MASK):.2f}")},
    )
    yield Claim(2, "a Sobel filter", SOBEL, "`FILTER(sobely)`", lambda: kernel("sobely"))
    yield Claim(
        2,
        "a 5x5 filter on 32x32",
        "28x28",
        "no border, stride 1",
        lambda: plane(net("INPUT(1x32x32) -> CONV(1, 5, padding=valid)")),
    )
    yield Claim(
        2,
        "the image with a padding of 1",
        "8x8",
        "6x6 inside, as printed",
        lambda: plane(net("INPUT(1x6x6) -> PAD(1)")),
    )
    yield Claim(
        2,
        "a dense layer of m inputs and n outputs",
        3_072 * 10,
        "its weights, with m = 3,072 and n = 10",
        lambda: params(net("INPUT(3072) -> FC(10, bias=false)")),
        written="m n",
    )
    yield Claim(
        2,
        "k connections for each of n outputs",
        3 * 100,
        "products of a kernel of k = 3 over n = 100 values",
        lambda: macs(net("INPUT(1x100) -> CONV(1, 3, bias=false)")),
        written="k n",
    )
    yield Claim(
        2,
        "sharing leaves k parameters to store",
        3,
        "the same layer, from one map to one, without a bias",
        lambda: params(net("INPUT(1x100) -> CONV(1, 3, bias=false)")),
        written="k",
        detail=lambda: f"{params(net('INPUT(1x100) -> CONV(8, 3, bias=false)'))} for 8 maps",
    )
    for image, count in (("3x32x32", 3_072), ("3x200x200", 120_000)):
        yield Claim(
            2,
            f"weights of a first hidden layer on {image}",
            count,
            "a layer of 128 units",
            partial(dense_weights, image, 128),
            other=Other("one unit of it, without its bias", partial(dense_weights, image, 1)),
            why="It is told of the layer and counted for one of its units: of 128 units it has {ours}.",
        )
    yield Claim(
        2,
        "8 filters behind 16 take 128 filters of 3x3",
        128,
        "filters of the layer",
        lambda: weights_of("INPUT(16x8x8) -> CONV(8, 3)")[0],
        other=Other(
            "kernels of 3x3, one for each filter and each map that enters",
            lambda: prod(weights_of("INPUT(16x8x8) -> CONV(8, 3)")[:2]),
        ),
        why="There are {ours} filters, each of {depth} kernels: {weights} weights.",
        facts={
            "depth": lambda: weights_of("INPUT(16x8x8) -> CONV(8, 3)")[1],
            "weights": lambda: prod(weights_of("INPUT(16x8x8) -> CONV(8, 3)")),
        },
    )
    yield Claim(
        2,
        "2x2 pooling with stride 2 discards 75%",
        75,
        "values that enter and leave",
        lambda: Fraction(100) - Fraction(100 * neurons(net("INPUT(3x32x32) -> POOL"), "POOL"), 3 * 32 * 32),
        unit="%",
    )
    yield Claim(
        2,
        "it halves width and height",
        "16x16",
        "of 32x32",
        lambda: plane(net("INPUT(3x32x32) -> POOL")),
        written="by 2",
    )
    yield Claim(
        2,
        "the depth grows with each convolutional layer",
        "yes",
        "filters of AlexNet's convolutions",
        lambda: yes(grows(widths(of(zoo("alexnet"), *CONV)))),
        detail=lambda: listed(widths(of(zoo("alexnet"), *CONV))),
        other=Other("filters of LeNet-5's convolutions", lambda: yes(grows(widths(of(zoo("lenet5"), *CONV))))),
        why="LeNet-5 has {lenet}; of AlexNet's {alexnet} the fourth layer keeps the depth and the fifth lowers it.",
        facts={
            "lenet": lambda: listed(widths(of(zoo("lenet5"), *CONV))),
            "alexnet": lambda: listed(widths(of(zoo("alexnet"), *CONV))),
        },
    )
    yield Claim(
        2,
        "each convolutional layer is followed by subsampling",
        "each",
        "all of LeNet-5's",
        lambda: pooled(of(zoo("lenet5"), *CONV), zoo("lenet5")),
        other=Other(
            "those of LeNet-5 whose maps have more than one value",
            lambda: pooled([node for node in of(zoo("lenet5"), *CONV) if node.type.spatial != (1, 1)], zoo("lenet5")),
        ),
        why="In LeNet-5 it is {ours}, C1 and C3; in AlexNet {alexnet}, in VGG-16 {vgg}.",
        facts={
            "alexnet": lambda: pooled(of(zoo("alexnet"), *CONV), zoo("alexnet")),
            "vgg": lambda: pooled(of(zoo("vgg16"), *CONV), zoo("vgg16")),
        },
    )
    yield Claim(
        2,
        "RELU and POOL are fixed functions",
        0,
        "parameters of those of VGG-16",
        lambda: sum(row.params for row in cost(zoo("vgg16")).rows if row.node.layer.word() in ("RELU", "POOL")),
        written="no parameters",
    )
    yield Claim(
        2,
        "pooling reduces computation",
        "fewer",
        "MACs of EuroNet with its poolings and without",
        lambda: fewer(macs(zoo("euronet")), macs(net(without_pooling(EURONET)))),
        written="less",
        detail=lambda: against(macs(zoo("euronet")), macs(net(without_pooling(EURONET)))),
    )
    yield Claim(
        2,
        "convolution commutes with translation",
        "equal",
        "Sobel's kernel, stride 1, away from the borders: f(g(x)) and g(f(x))",
        lambda: "equal" if correlated(moved(BLOB), SOBEL) == moved(correlated(BLOB, SOBEL)) else "not equal",
    )
    for name, spec, layers in (("VGG16", "vgg16", 16), ("ResNet50", "resnet50", 50)):
        yield named(2, name, spec, layers)


def dense_weights(image: str, units: int) -> int:
    return params(net(f"INPUT({image}) -> FC({units}, bias=false)"))


def weights_of(text: str) -> tuple[int, ...]:
    """The shape of the weights of a network's last layer: filters, channels, height, width."""
    last = net(text).nodes[-1]
    return last.layer.parameters(last.input_types)["weight"]


def grows(numbers: list[int]) -> bool:
    return all(before < behind for before, behind in pairwise(numbers))


def named(lecture: int, name: str, spec: str, layers: int) -> Claim:
    """A network that is named for its layers."""
    return Claim(
        lecture,
        f"{name} by its name",
        layers,
        "convolutions and FCs on the longest path",
        lambda: depth(zoo(spec)),
        unit=" layers",
    )


def raschka() -> Iterator[Claim]:
    for layer, path, told in (
        ("INPUT", "input1", "1x32x32"),
        ("C1", "conv1.conv1", "6x28x28"),
        ("C3", "conv2.conv1", "16x10x10"),
        ("S4", "avgpool2", "16x5x5"),
    ):
        yield Claim(
            3,
            f"LeNet-5: {layer}",
            told,
            "maps and their size",
            partial(size, zoo("lenet5"), path),
            written=told.replace("x", "@", 1) if layer != "INPUT" else "32x32",
        )
    yield Claim(
        3,
        "LeNet-5 has 5 layers, counting the FC layers",
        5,
        "bunches of feature maps and FC layers: C1, S2, C3, S4, C5, F6, output",
        lambda: len(of(zoo("lenet5"), *WEIGHTED, *POOLS)),
        other=Other("layers with weights, where poolings have none", lambda: len(of(zoo("lenet5"), *WEIGHTED))),
        why="Each bunch of maps is called a hidden layer; with S2 and S4 that makes {ours}.",
    )
    yield Claim(
        3,
        "the size of a map is (W - K + 2P)/S + 1",
        "all cases",
        f"W, K, P and S in {len(SIZES)} cases, as printed",
        lambda: cases(size_by_formula),
        other=Other("the same, rounded down", lambda: cases(lambda *case: size_by_formula(*case) // 1)),
        why="Where the stride does not divide, it is no whole number: 224, 11, 0 and 4 give {example}, and the map has "
        "{whole}.",
        facts={"example": lambda: float(size_by_formula(224, 11, 0, 4)), "whole": lambda: convolved(224, 11, 0, 4)},
    )
    one_channel = "INPUT(1x28x28) -> CONV(8, 5, padding=valid)"
    yield Claim(
        3,
        "weights of 8 filters of 5x5 on one channel",
        "8x1x5x5",
        "their shape in torch",
        lambda: shape(net(one_channel), "conv1"),
    )
    yield Claim(3, "their biases", "8", "the same", lambda: shape(net(one_channel), "conv1", "bias"))
    yield Claim(
        3,
        "typical poolings learn nothing",
        0,
        "parameters of the poolings of LeNet-5, AlexNet, VGG-16 and GoogLeNet",
        lambda: sum(
            row.params
            for name in ("lenet5", "alexnet", "vgg16", "googlenet")
            for row in cost(zoo(name)).rows
            if row.node.layer.word() in POOLS
        ),
        written="no parameters",
        why="LeNet-5 as printed in 1998 is not typical: its sub-samplings learn {count} numbers.",
        facts={"count": lambda: sum(learned(zoo("lenet5-1998"), path) for path in SUBSAMPLINGS)},
    )
    yield from caption()
    yield Claim(
        3,
        "AlexNet's first kernels",
        "96x3x11x11",
        "the shape of the weights, filters and channels first",
        lambda: shape(zoo("alexnet"), "conv1.conv1"),
        written="96 of 11x11x3",
    )
    yield Claim(3, "a GPU has 48 of them", 48, "filters of the first layer, in the 2 groups of the second", columns)
    yield Claim(
        3,
        "AlexNet sees 224x224",
        186_624,
        "values behind the second convolution, if 224x224 enters without a border",
        lambda: neurons(net(UNBORDERED), *CONV) - net(UNBORDERED).node("conv1").type.elements,
        written="224x224; then 186,624",
        other=Other(
            "a border of 2, or 227x227 without one",
            lambda: agreed([zoo(name).node("conv2.conv1").type.elements for name in ("alexnet", "alexnet-224")]),
        ),
        why="Without a border the first map has {narrow} places a side and the second layer {ours} values; the "
        "caption's numbers need {wide} places.",
        facts={
            "narrow": lambda: convolved(224, 11, 0, 4),
            "wide": lambda: zoo("alexnet").node("conv1.conv1").type.spatial[0],
        },
    )
    yield Claim(3, "224 * 224 * 3 features", 150_528, "values that enter VGG-16", lambda: entering(zoo("vgg16")))
    for name, spec, layers in (
        ("VGG-19", "vgg19", 19),
        ("ResNet-18", "resnet18", 18),
        ("ResNet-34", "resnet34", 34),
        ("ResNet-101", "resnet101", 101),
        ("ResNet-152", "resnet152", 152),
    ):
        yield named(3, name, spec, layers)
    yield Claim(
        3,
        "a kernel from 3 channels to 5 maps",
        5 * 5 * 3 * 5,
        "its weights, with 5x5",
        lambda: params(net("INPUT(3x128x128) -> CONV(5, 5, bias=false)")),
        written="m1 m2 3 5",
    )
    yield Claim(3, "with biases", 380, "weights and biases", lambda: params(net("INPUT(3x128x128) -> CONV(5, 5)")))
    yield Claim(
        3,
        "same padding keeps height and width",
        "128x128",
        "of a 5x5 kernel, stride 1",
        lambda: plane(net("INPUT(3x128x128) -> CONV(5, 5, padding=same)")),
    )
    yield Claim(
        3,
        "the same by a dense layer",
        4_026_613_760,
        "weights and biases from 128x128x3 to 128x128x5",
        lambda: params(net(f"INPUT(3x128x128) -> FC({128 * 128 * 5})")),
    )
    yield Claim(
        3,
        "its formula, shortened",
        (6 * 7) ** 2 * 3 * 5 + 6 * 7 * 5,
        "weights and biases for n1 = 6 and n2 = 7",
        lambda: params(net(f"INPUT(3x6x7) -> FC({6 * 7 * 5})")),
        written="(n1 n2)^2 3 5 + n1 n2 5",
    )
    yield Claim(
        3,
        "the order of PyTorch's axes",
        "NCWH",
        "the places of C, H and W in the input 3x4x5, which a module takes as N x 3 x 4 x 5",
        lambda: "N" + "".join(sorted("CHW", key=lambda axis: (3, 4, 5).index(extent(axis)))),
        why="Height comes before width: {ours}, and NHWC with the channels last. Square images do not tell.",
    )
    yield Claim(
        3,
        "weights of a 3x3 kernel from one channel to one",
        "1x1x3x3",
        "their shape in torch",
        lambda: shape(net("INPUT(1x28x28) -> CONV(1, 3)"), "conv1"),
    )
    for direction, name, rows in (
        ("vertical", "prewittx", printed("1 0 -1, 1 0 -1, 1 0 -1")),
        ("horizontal", "prewitty", printed("1 1 1, 0 0 0, -1 -1 -1")),
    ):
        yield Claim(3, f"kernel: {direction} edges", rows, f"`FILTER({name})`", partial(kernel, name))
        yield Claim(
            3,
            f"it detects {direction} edges",
            direction,
            "what it answers to: the picture of zeros and ones that is printed, and the same turned",
            partial(edges_found, rows),
        )


SUBSAMPLINGS = [f"subsample{number}.{layer}1" for number in (1, 2) for layer in ("scale", "bias")]


def extent(axis: str) -> int:
    """What a letter of the language stands for at the input of 3x4x5."""
    return net(f"INPUT(3x4x5) -> CONV({axis}, 1)").outputs[0].node.type.channels


def caption() -> Iterator[Claim]:
    """The caption of AlexNet's picture: what enters, and the neurons of each layer."""
    yield Claim(
        3,
        "AlexNet's input, by the caption",
        150_528,
        "values that enter, at 224x224",
        lambda: entering(zoo("alexnet-224")),
    )
    yield Claim(
        3,
        "neurons of its first layer",
        253_440,
        "values that leave the first convolution",
        partial(elements, zoo("alexnet"), "conv1.conv1"),
        why="It has 96 maps of 55x55. {slip} would be 96 maps of 55 by 48, and 48 is the number of maps on a GPU.",
        facts={"slip": slip},
    )
    for layer, path, told in (
        ("second", "conv2.conv1", 186_624),
        ("third", "conv3.conv1", 64_896),
        ("fourth", "conv4.conv1", 64_896),
        ("fifth", "conv5.conv1", 43_264),
        ("sixth", "dense1.fc1", 4_096),
        ("seventh", "dense2.fc1", 4_096),
        ("last", "fc1", 1_000),
    ):
        yield Claim(
            3, f"neurons of its {layer} layer", told, "values that leave it", partial(elements, zoo("alexnet"), path)
        )


def slip() -> int:
    """What the caption prints: a side of the first map mistaken for the number of maps in one of the two columns."""
    first = zoo("alexnet").node("conv1.conv1")
    return first.type.channels * first.type.spatial[0] * columns()


def columns() -> int:
    """The maps of the first layer in one of AlexNet's two columns."""
    alexnet = zoo("alexnet")
    return alexnet.node("conv1.conv1").type.channels // int(alexnet.node("conv2.conv1").layer.value("groups"))


def naveed() -> Iterator[Claim]:
    alexnet = zoo("alexnet")
    yield Claim(
        4,
        "AlexNet has 60 million parameters",
        60_000_000,
        "weights and biases of all layers",
        lambda: params(alexnet),
        written="60 million",
        why="Right to its first digit; to the million it is {millions} million.",
        facts={"millions": lambda: round(params(alexnet) / 1e6)},
    )
    yield Claim(
        4,
        "AlexNet has 650,000 neurons",
        650_000,
        "values that leave the convolutions and FC layers, without the input",
        lambda: neurons(alexnet, *WEIGHTED),
        other=Other("convolutions only", lambda: neurons(alexnet, *CONV)),
        why="All layers have {ours}. With {slip} for the first one, as the caption of its picture prints, they come to "
        "{caption}.",
        facts={
            "slip": slip,
            "caption": lambda: neurons(alexnet, *WEIGHTED) - elements(alexnet, "conv1.conv1") + slip(),
        },
    )
    yield Claim(4, "AlexNet's convolutional layers", 5, "CONV", lambda: len(of(alexnet, *CONV)))
    yield Claim(4, "AlexNet's fully-connected layers", 3, "FC", lambda: len(of(alexnet, *DENSE)))
    yield Claim(
        4,
        "AlexNet's softmax",
        1_000,
        "units of the last layer",
        lambda: of(alexnet, "FC")[-1].type.channels,
        written="1000-way",
    )
    yield Claim(
        4,
        "4 hyperparameters of a convolutional layer",
        4,
        "arguments in which AlexNet's convolutions differ",
        lambda: len(varied("alexnet")),
        detail=lambda: ", ".join(varied("alexnet")),
        other=Other("the later AlexNet of a single column", lambda: len(varied("alexnet-owt"))),
        why="AlexNet itself needs a fifth, its groups: three of its layers see half of the maps.",
    )
    yield Claim(
        4,
        "sharing weights reduces the parameters",
        "fewer",
        "EuroNet's first layer, as a convolution and with weights of its own for each place",
        lambda: fewer(learned(zoo("euronet"), "stage1.conv1"), unshared()),
        detail=lambda: against(learned(zoo("euronet"), "stage1.conv1"), unshared()),
    )
    yield Claim(
        4,
        "pooling reduces the parameters",
        "fewer",
        "EuroNet with its poolings and without",
        lambda: fewer(params(zoo("euronet")), params(net(without_pooling(EURONET)))),
        detail=lambda: against(params(zoo("euronet")), params(net(without_pooling(EURONET)))),
        why="All of it lies in the first FC layer; convolutions have as many either way.",
    )
    places = "INPUT(1x256x256) -> CONV(1, 224, padding=valid)"
    yield Claim(
        4,
        "patches and reflections multiply the training set by 2048",
        2_048,
        "places of 224x224 in 256x256, times 2",
        lambda: 2 * neurons(net(places), *CONV),
        other=Other("32 shifts each way, times 2", lambda: 2 * (256 - 224) ** 2),
        why="There are {side} places along each side, as for any window; to come to {says} the last one is left out.",
        facts={"side": lambda: side(net(places))},
    )
    yield Claim(
        4,
        "27,000 images in 10 classes of 2,000 to 3,000",
        "yes",
        "images for each of EuroNet's outputs lie between",
        lambda: yes(2_000 <= 27_000 // classes_of("euronet") <= 3_000),
        written="2,000 to 3,000",
        detail=lambda: f"{27_000 // classes_of('euronet'):,} on average",
    )
    yield from euronet()


SWAPPED = (
    "112 filters of 3x3 on 112 maps and their biases have {count} parameters: two digits are swapped. The total "
    "that is printed is that of the right row; with this one it would be {sum}."
)


def unshared() -> int:
    """The parameters of EuroNet's first layer, had each place its own."""
    graph = zoo("euronet")
    return learned(graph, "stage1.conv1") * prod(graph.node("stage1.conv1").type.spatial)


def euronet() -> Iterator[Claim]:
    """The lecture's own network, and its table row by row."""
    graph = zoo("euronet")
    yield Claim(4, "EuroNet's convolutional layers", 6, "CONV", lambda: len(of(graph, *CONV)))
    yield Claim(4, "EuroNet's fully-connected layers", 2, "FC", lambda: len(of(graph, *DENSE)))
    yield Claim(
        4,
        "EuroNet's parameters",
        6_000_000,
        "weights and biases of all layers",
        lambda: params(graph),
        written="~6 million",
    )
    yield Claim(
        4,
        "EuroNet's sigmoid",
        10,
        "units of the last layer",
        lambda: of(graph, "FC")[-1].type.channels,
        written="10-way",
    )
    yield Claim(4, "EuroNet's spectral bands", 13, "channels that enter", lambda: graph.inputs[0].node.type.channels)
    for layer, path, told in (
        ("conv2d", "stage1.conv1", "28x64x64, 3,304"),
        ("conv2d_1", "stage1.conv2", "28x64x64, 7,084"),
        ("max_pooling2d", "stage1.pool1", "28x32x32, 0"),
        ("conv2d_2", "stage2.conv1", "56x32x32, 14,168"),
        ("conv2d_3", "stage2.conv2", "56x32x32, 28,280"),
        ("max_pooling2d_1", "stage2.pool1", "56x16x16, 0"),
        ("conv2d_4", "stage3.conv1", "112x16x16, 56,560"),
        ("conv2d_5", "stage3.conv2", "112x16x16, 113,080"),
        ("max_pooling2d_2", "stage3.pool1", "112x8x8, 0"),
        ("dense", "fc1", "784, 5,620,496"),
        ("dense_1", "fc2", "10, 7,850"),
    ):
        yield Claim(
            4,
            f"EuroNet, {layer}",
            told,
            "size and parameters",
            partial(row, graph, path),
            why=SWAPPED if layer == "conv2d_5" else "",
            facts={
                "count": lambda: learned(graph, "stage3.conv2"),
                "sum": lambda: params(graph) - learned(graph, "stage3.conv2") + 113_080,
            },
        )
        if layer == "max_pooling2d_2":
            yield Claim(
                4,
                "EuroNet, flatten",
                7_168,
                "values that enter the first FC layer",
                lambda: graph.node("fc1").input_types[0].elements,
            )
    yield Claim(4, "EuroNet, total", 5_850_750, "all parameters", lambda: params(graph))
    yield Claim(4, "EuroNet, non-trainable", 0, "buffers", lambda: cost(graph).buffers)


def fosco() -> Iterator[Claim]:
    yield Claim(
        5,
        "weights of a neuron on a CIFAR-10 image",
        3_073,
        "weights and bias of one FC unit on 3x32x32",
        lambda: params(net("INPUT(3x32x32) -> FC(1)")),
    )
    yield Claim(
        5,
        "weights of a neuron on an ImageNet image",
        150_129,
        "weights and bias of one FC unit on 3x224x224",
        lambda: params(net("INPUT(3x224x224) -> FC(1)")),
        why="It is {ours}, 224 * 224 * 3 + 1; a 5 has become a 1. A first layer of 128 such neurons has {layer}.",
        facts={"layer": lambda: params(net("INPUT(3x224x224) -> FC(128)"))},
    )
    yield Claim(
        5,
        "in discrete convolution a function is inverted and shifted left by t",
        "left",
        "where g(t - a) has its peak along a, beside g(-a), for t = 3 and a peak of g at 2",
        lambda: way(peak(lambda a: -a), peak(lambda a: 3 - a)),
        other=Other(
            "shifted first and inverted then: g(t + a) beside g(a)",
            lambda: way(peak(lambda a: a), peak(lambda a: 3 + a)),
        ),
        why="The inverted function moves to the {ours} as t grows.",
    )
    yield Claim(
        5,
        "filters introduce translation invariance",
        "unchanged",
        "a feature map, when the picture moves by one place",
        lambda: "unchanged" if correlated(moved(BLOB), SOBEL) == correlated(BLOB, SOBEL) else "changed",
        other=Other(
            "its largest value, wherever it stands",
            lambda: "unchanged" if largest(moved(BLOB)) == largest(BLOB) else "changed",
        ),
        why="The map moves along with the picture: that is equivariance. What forgets places is invariant, such as a "
        "pooling of the whole map.",
    )
    yield Claim(
        5,
        "full padding: every pixel is visited as often",
        "yes",
        "a 3x3 filter on 5x5",
        lambda: yes(len(visits("full")) == 1),
        detail=lambda: f"{max(visits('full'))} times; {min(visits('same'))} to {max(visits('same'))} with same padding",
    )
    yield Claim(
        5,
        "full padding increases the size",
        "yes",
        "the same",
        lambda: yes(side(net("INPUT(1x5x5) -> CONV(1, 3, padding=full)")) > 5),
        detail=lambda: plane(net("INPUT(1x5x5) -> CONV(1, 3, padding=full)")),
    )
    yield Claim(
        5,
        "same padding keeps the size",
        "32x32",
        "5x5 filters with stride 2, as in the lecture's own exercise",
        lambda: same_padded(2),
        other=Other("stride 1", lambda: same_padded(1)),
        written="the size of the input",
        why="With stride 2 the map is half as large; the exercise itself counts with {ours}.",
    )
    yield Claim(
        5,
        "no padding: the map shrinks by an amount that depends on the filter",
        "yes",
        "by how much 32x32 shrinks under 3x3, 5x5 and 7x7, which is K - 1",
        lambda: yes(len(set(lost())) == len(lost())),
        detail=lambda: listed(lost()),
    )
    for channels, image in ((1, "black and white"), (3, "RGB")):
        yield Claim(
            5,
            f"four 3x3 filters on a{'n' * (channels == 3)} {image} image",
            f"4 maps, {'filters of 3x3x3' if channels == 3 else 'filters of 3x3x1'}",
            "maps that leave, height, width and depth of a filter",
            partial(filters, channels),
        )
    yield Claim(
        5,
        "128 filters on 32x32x16",
        "128x32x32",
        "same padding, channels first",
        lambda: leaving(net("INPUT(16x32x32) -> CONV(128, 3)")),
        written="32x32x128",
    )
    yield Claim(
        5,
        "five kernels: identity, three for edges, sharpen",
        5,
        "those that FILTER has, value by value",
        lambda: sum(kernel(name) == rows for name, rows in KERNELS.items()),
    )
    yield Claim(
        5,
        "a fully connected layer gives a 3D cube, a 2D map for each filter",
        3,
        "axes of what leaves VGG-16's first FC layer",
        lambda: len(zoo("vgg16").node("fc1").type.shape),
        written="3D",
        other=Other(
            "axes, if the layer is written as a convolution of the whole map and gives maps of 1x1",
            lambda: len(net("INPUT(512x7x7) -> CONV(4096, 7, padding=valid)").outputs[0].node.type.shape),
        ),
        why="It gives a vector, one value for each of its {units} units; the line stands there for convolutions too.",
        facts={"units": lambda: zoo("vgg16").node("fc1").type.channels},
    )
    yield Claim(
        5,
        "parameters of 16 3x3 filters on RGB",
        448,
        "weights, and a bias for each filter",
        lambda: params(net("INPUT(3x32x32) -> CONV(16, 3)")),
    )
    exercise = zoo("cs109a")
    for layer, path, told in (
        ("Conv1", "conv1", 8 * 3 * 3 * 3 + 8),
        ("Conv2", "conv2", 16 * 5 * 5 * 8 + 16),
        ("Dense1", "fc1", 16 * 16 * 16 * 512 + 512),
        ("Dense2", "fc2", 512 * 4 + 4),
    ):
        yield Claim(
            5,
            f"the exercise: {layer}",
            told,
            "weights and biases, by the lecture's term",
            partial(learned, exercise, path),
        )
    yield Claim(
        5,
        "the exercise: all",
        (8 * 3 * 3 * 3 + 8) + (16 * 5 * 5 * 8 + 16) + (16 * 16 * 16 * 512 + 512) + (512 * 4 + 4),
        "the sum that is printed",
        lambda: params(exercise),
    )
    yield Claim(5, "the exercise: what is flattened", "16x16x16", "behind Conv2", lambda: size(exercise, "conv2"))
    yield from evolution()


def peak(argument: Callable[[int], int]) -> int:
    """Where a function with a peak at 2 has it along a, its argument computed from a."""
    return next(a for a in range(-9, 10) if argument(a) == 2)


def largest(image: Rows) -> Number:
    return max(chain(*correlated(image, SOBEL)))


def lost() -> list[int]:
    return [32 - side(net(f"INPUT(1x32x32) -> CONV(1, {k}, padding=valid)")) for k in (3, 5, 7)]


def filters(channels: int) -> str:
    graph = net(f"INPUT({channels}x8x8) -> CONV(4, 3)")
    _, deep, high, wide = shape(graph, "conv1").split("x")
    return f"{graph.outputs[0].node.type.channels} maps, filters of {high}x{wide}x{deep}"


def evolution() -> Iterator[Claim]:
    """What the lecture says of one network after the other."""
    yield Claim(
        5,
        "AlexNet is deeper than LeNet",
        "yes",
        "layers with weights on the longest path",
        lambda: yes(depth(zoo("alexnet")) > depth(zoo("lenet5"))),
        detail=lambda: against(depth(zoo("alexnet")), depth(zoo("lenet5"))),
    )
    yield Claim(
        5,
        "ZFNet has smaller filters",
        "yes",
        "side of the first filters, beside AlexNet's",
        lambda: yes(kernels("zfnet")[0] < kernels("alexnet")[0]),
        detail=lambda: against(kernels("zfnet")[0], kernels("alexnet")[0]),
    )
    yield Claim(
        5,
        "VGG has 3x3 filters only",
        "3x3",
        "all filters of VGG-11, 13, 16 and 19",
        lambda: squares([k for name in VGGS for k in kernels(name)]),
        why="The paper's configuration C, which is not in the zoo, has filters of 1x1 besides.",
    )
    yield Claim(
        5,
        "its poolings are 2x2 with stride 2",
        "2x2 /2",
        "all poolings of the same",
        lambda: ", ".join(sorted({window(node) for name in VGGS for node in of(zoo(name), "POOL")})),
    )
    yield Claim(
        5,
        "two 3x3 filters see 5x5",
        "5x5",
        "the receptive field",
        lambda: field("INPUT(1x32x32) -> CONV(1, 3) -> CONV(1, 3)"),
    )
    yield Claim(
        5,
        "VGG: as the size decreases, the depth increases",
        "yes",
        "channels of each stage of VGG-16 above those of the one before",
        lambda: yes(grows(widths(of(zoo("vgg16"), "POOL")))),
        other=Other(
            "not below those of the one before",
            lambda: yes(sorted(widths(of(zoo("vgg16"), "POOL"))) == widths(of(zoo("vgg16"), "POOL"))),
        ),
        why="The stages have {stages} channels: the last is as deep as the one before.",
        facts={"stages": lambda: listed(widths(of(zoo("vgg16"), "POOL")))},
    )
    googlenet = zoo("googlenet")
    yield Claim(
        5,
        "GoogLeNet has no fully connected layer at the end",
        0,
        "FC layers",
        lambda: len(of(googlenet, *DENSE)),
        written="none",
        other=Other("hidden FC layers, of which AlexNet has two", lambda: len(of(googlenet, *DENSE)[:-1])),
        why="Behind the pooling a single one is left, from {channels} values to the classes, with {params} parameters.",
        facts={
            "channels": lambda: googlenet.node("fc1").input_types[0].elements,
            "params": lambda: learned(googlenet, "fc1"),
        },
    )
    yield Claim(
        5,
        "GoogLeNet has 12x fewer parameters than AlexNet",
        12,
        "weights and biases of all layers, without the side heads; the text breaks off behind the A",
        lambda: ratio(params(zoo("alexnet")), params(googlenet)),
        unit="x",
        why="AlexNet has {ours} times as many, {alexnet} to {googlenet}; {convolutions} times where GoogLeNet's last "
        "layer is left out. Twelve would be 60 million to 5 million.",
        facts={
            "alexnet": lambda: params(zoo("alexnet")),
            "googlenet": lambda: params(googlenet),
            "convolutions": lambda: ratio(params(zoo("alexnet")), params(googlenet) - learned(googlenet, "fc1")),
        },
    )
    yield Claim(
        5,
        "an inception module has parallel filters of different sizes",
        "yes",
        "sides of the filters of GoogLeNet's first module",
        lambda: yes(len(sides(googlenet, "inception1")) > 1),
        detail=lambda: squares(sides(googlenet, "inception1")),
    )
    yield Claim(
        5,
        "its 1x1 convolutions reduce the parameters",
        "fewer",
        "the same module with and without those before the wider filters",
        lambda: fewer(block(googlenet, "inception1"), params(net(INCEPTION_3A))),
        detail=lambda: against(block(googlenet, "inception1"), params(net(INCEPTION_3A))),
    )
    yield Claim(
        5,
        "in a dense block each layer takes all maps before it",
        "yes",
        "maps that enter the 5 layers of a block with k = 4 on 16 maps: 16 + 4 (l - 1)",
        lambda: yes(dense_block() == [16 + 4 * layer for layer in range(5)]),
        detail=lambda: listed(dense_block()),
    )
    densenet = zoo("densenet121")
    yield Claim(
        5,
        "DenseNet: each block uses every map before it",
        densenet.node("pool1").type.channels + sum(grown(densenet, "dense1")),
        "maps that enter DenseNet-121's second block, behind a first map of 64 and 6 layers of 32",
        lambda: densenet.node("transition1.avgpool1").type.channels,
        written="every map",
        other=Other(
            "each layer of a block, and the transition behind it",
            lambda: densenet.node("transition1.conv1.conv1").input_types[0].channels,
        ),
        why="The transition reads all {says} maps and hands on half of them, {ours}.",
    )
    yield Claim(
        5,
        "DenseNet reduces the parameters",
        "fewer",
        "DenseNet-201 beside ResNet-101, of about its accuracy",
        lambda: fewer(params(zoo("densenet201")), params(zoo("resnet101"))),
        detail=lambda: against(params(zoo("densenet201")), params(zoo("resnet101"))),
    )
    yield Claim(
        5,
        "MobileNet convolves each map with a kernel",
        1,
        "maps that a 3x3 kernel of its depthwise convolutions reads",
        lambda: agreed([int(shape(zoo("mobilenetv1"), node.path).split("x")[1]) for node in depthwise()]),
        written="one each",
    )
    yield Claim(
        5,
        "then 1x1 convolutions gather the maps",
        "1x1",
        "the filters behind them",
        lambda: squares(kernels("mobilenetv1", "CONV")[1:]),
        detail=lambda: f"{len(depthwise())} of each",
    )


VGGS = ("vgg11", "vgg13", "vgg16", "vgg19")


def kernels(name: str, *words: str) -> list[int]:
    """The sides of the filters of a network."""
    return [side_of(node) for node in of(zoo(name), *(words or CONV))]


def squares(sides: list[int]) -> str:
    """The different sides of square filters."""
    return ", ".join(f"{side}x{side}" for side in sorted(set(sides)))


def window(node: Node) -> str:
    (high, wide), (down, right) = node.layer.value("kernel"), node.layer.value("stride")
    return f"{high}x{wide} /{down}" if down == right else f"{high}x{wide} /{down}x{right}"


def ratio(one: int, other: int) -> float:
    return one / other


def sides(graph: Graph, scope: str) -> list[int]:
    """The different sides of the filters in a block."""
    return sorted({side_of(node) for node in of(graph, *CONV) if node.scope[:1] == (scope,)})


def block(graph: Graph, scope: str) -> int:
    """The parameters of a block."""
    return sum(row.params for row in cost(graph).rows if row.node.scope[:1] == (scope,))


def dense_block() -> list[int]:
    return [node.input_types[0].channels for node in of(net("INPUT(16x8x8) -> [ID, CONV(4)]*5"), *CONV)]


def grown(graph: Graph, scope: str) -> list[int]:
    """The maps that the layers of a dense block add."""
    return [node.type.channels for node in of(graph, *CONV) if node.scope[:1] == (scope,) and side_of(node) > 1]


def side_of(node: Node) -> int:
    """The side of a filter."""
    return int(node.layer.value("kernel")[0])


def depthwise() -> list[Node]:
    return of(zoo("mobilenetv1"), "DWCONV")


@cache
def claims() -> tuple[Claim, ...]:
    """All claims, lecture by lecture."""
    return (*krause(), *kordecki(), *raschka(), *naveed(), *fosco())


# The page


def show(value: Value) -> str:
    """A value as the page has it."""
    if isinstance(value, tuple):
        return ", ".join(" ".join(map(show, line)) for line in value)
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def line(claim: Claim) -> str:
    """A claim's row."""
    detail = f" ({show(claim.detail())})" if claim.detail else ""
    says = claim.written or f"{show(claim.says)}{claim.unit}"
    ours = f"{show(claim.ours())}{claim.unit}{detail}"
    return f"| {claim.claim} | {says} | {claim.reading} | {ours} | {verdict(claim)} |\n"


def note(claim: Claim) -> str:
    """What is said below the table of a claim that is not simply right."""
    facts = {name: show(found()) for name, found in claim.facts.items()}
    ours, says = show(claim.ours()), show(claim.says)
    if claim.other is None:
        return f"- *{claim.claim}*, {verdict(claim)}. {claim.why.format(ours=ours, says=says, **facts)}\n"
    other = show(claim.other.ours())
    told = claim.why.format(ours=ours, says=says, other=other, **facts)
    return f"- *{claim.claim}*, {verdict(claim)}. Right for: {claim.other.reading} ({other}{claim.unit}). {told}\n"


HEAD_OF_A_TABLE = "| claim | it says | reading | our number | verdict |\n|---|---|---|---|---|\n"


def lecture(number: int) -> str:
    """The table of a lecture, and the notes below it."""
    its = [claim for claim in claims() if claim.lecture == number]
    notes = "".join(note(claim) for claim in its if claim.why)
    return HEAD_OF_A_TABLE + "".join(map(line, its)) + f"\n{notes}"


def counts() -> str:
    """How many claims of each lecture have which verdict."""
    table = [f"| lecture | claims | {' | '.join(VERDICTS)} |\n|---|--:{'|--:' * len(VERDICTS)}|\n"]
    its = [[verdict(claim) for claim in claims() if claim.lecture == number + 1] for number in range(len(LECTURES))]
    for told, found in [*zip([each.title for each in LECTURES], its, strict=True), ("all", list(chain(*its)))]:
        table.append(f"| {told} | {len(found)} | {' | '.join(str(found.count(each)) for each in VERDICTS)} |\n")
    return "".join(table)


PARTS = ("krause", "kordecki", "raschka", "naveed", "fosco")
"""The marked parts of the page, lecture by lecture."""


def page(text: str) -> str:
    """The page, its tables and notes written anew."""
    from pages import filled

    return filled(text, "lectures", lambda name: counts() if name == "counts" else lecture(PARTS.index(name) + 1))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
    where = Path(sys.argv[1])
    where.write_text(page(where.read_text(encoding="utf-8")), encoding="utf-8")
