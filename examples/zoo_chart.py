"""Draw the lectures' chart: top-1 accuracy on ImageNet against operations, blobs as large as the networks.

After figure 2 of Canziani, Paszke & Culurciello, "An analysis of deep neural network models for practical
applications", 2016. Operations and parameters are those of the shipped specs; accuracies are the published ones of
`cnndsl zoo`, each as its source measured it. Networks of which none is known are listed.

    pip install 'cnndsl[chart]'
    python examples/zoo_chart.py chart.svg
"""

from __future__ import annotations

import sys

import matplotlib as mpl

mpl.use("agg")

import numpy as np
from adjustText import adjust_text
from matplotlib import pyplot as plt

import cnndsl
from cnndsl.source import zoo
from cnndsl.zoo import Entry

AREA = 6
"""Square points of a blob for a million parameters."""

LEGEND = (5, 35, 65, 95, 125)
"""Millions of parameters, as in the paper's corner."""


def chart(path: str) -> list[Entry]:
    """Draw the classifiers of ImageNet; gives those without a published accuracy."""
    entries = [entry for entry in zoo().values() if entry.task == "ImageNet"]
    drawn = [entry for entry in entries if entry.top1 is not None]
    figure, axes = plt.subplots(figsize=(16, 10), layout="constrained")
    families = {spec: f"C{number % 10}" for number, spec in enumerate(dict.fromkeys(entry.spec for entry in drawn))}
    names = []
    for entry in drawn:
        summary = cnndsl.load(f"zoo:{entry.name}").summary()
        at = 2 * summary.macs / 1e9, entry.top1
        axes.scatter(*at, s=AREA * summary.params / 1e6, color=families[entry.spec], alpha=0.5, linewidths=0)
        axes.scatter(*at, s=4, color="0.3", linewidths=0)
        names.append(axes.text(*at, entry.name, fontsize=6.5))
    for millions in LEGEND:
        axes.scatter([], [], s=AREA * millions, color="0.7", linewidths=0, label=f"{millions} M")
    axes.legend(title="parameters", loc="lower right", labelspacing=1.6, borderpad=1.2, frameon=False)
    axes.set(xscale="log", xlabel="operations of one pass [G-Ops]", ylabel="top-1 accuracy on ImageNet [%]")
    axes.grid(alpha=0.3)
    mpl.rcParams["svg.fonttype"] = "none"  # names stay text, which a search finds
    np.random.seed(0)  # names that lie on one another are moved apart at random
    line = {"arrowstyle": "-", "color": "0.5", "linewidth": 0.4}
    adjust_text(names, iter_lim=300, force_text=(0.3, 0.5), expand=(1.1, 1.4), arrowprops=line)
    figure.savefig(path, dpi=150)
    return [entry for entry in entries if entry.top1 is None]


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python examples/zoo_chart.py FILE.svg|.png|.pdf")
    if missing := chart(sys.argv[1]):
        print("not drawn, for want of a published accuracy:", ", ".join(entry.name for entry in missing))


if __name__ == "__main__":
    main()
