"""What MobileNets of all three versions come to, by hand.

v1 as in Table 1 of Howard et al., 2017; v2 as in Table 2 of Sandler et al., 2018; v3 as in Tables 1 and 2 of Howard
et al., 2019.
"""

from __future__ import annotations

from torch import Tensor, nn

from references.parts import Gate, rounded, with_eps


def conv(
    entering: int, leaving: int, kernel: int, stride: int, act: type[nn.Module] | None, groups: int = 1
) -> list[nn.Module]:
    layers = [
        nn.Conv2d(entering, leaving, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(leaving),
    ]
    return layers if act is None else [*layers, act()]


class MobileNetV1(nn.Sequential):
    def __init__(self, width: float = 1, classes: int = 1000) -> None:
        def scaled(channels: int) -> int:
            return max(8, int(channels * width))

        c = scaled(32)
        layers = conv(3, c, 3, 2, nn.ReLU)
        rows = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]
        for channels, stride in rows:
            layers += conv(c, c, 3, stride, nn.ReLU, groups=c)
            layers += conv(c, scaled(channels), 1, 1, nn.ReLU)
            c = scaled(channels)
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, classes))


class Inverted(nn.Module):
    """Widens to `hidden` channels, filters each by itself, and narrows again."""

    def __init__(
        self,
        entering: int,
        hidden: int,
        leaving: int,
        kernel: int,
        stride: int,
        act: type[nn.Module],
        gate: nn.Module | None = None,
    ) -> None:
        super().__init__()
        layers = [] if hidden == entering else conv(entering, hidden, 1, 1, act)
        layers += conv(hidden, hidden, kernel, stride, act, groups=hidden)
        layers += [] if gate is None else [gate]
        self.path = nn.Sequential(*layers, *conv(hidden, leaving, 1, 1, None))
        self.adds = stride == 1 and entering == leaving

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.path(x)
        return x + y if self.adds else y


class MobileNetV2(nn.Sequential):
    ROWS = (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    )

    def __init__(self, width: float = 1, classes: int = 1000) -> None:
        c = rounded(32 * width)
        layers = conv(3, c, 3, 2, nn.ReLU6)
        for expansion, channels, depth, stride in self.ROWS:
            for block in range(depth):
                leaving = rounded(channels * width)
                layers.append(Inverted(c, expansion * c, leaving, 3, 1 if block else stride, nn.ReLU6))
                c = leaving
        last = rounded(1280 * max(1, width))
        layers += conv(c, last, 1, 1, nn.ReLU6)
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(last, classes))


# kernel, expanded, leaving, gated, hard swish, stride
LARGE = (
    (3, 16, 16, 0, 0, 1),
    (3, 64, 24, 0, 0, 2),
    (3, 72, 24, 0, 0, 1),
    (5, 72, 40, 1, 0, 2),
    (5, 120, 40, 1, 0, 1),
    (5, 120, 40, 1, 0, 1),
    (3, 240, 80, 0, 1, 2),
    (3, 200, 80, 0, 1, 1),
    (3, 184, 80, 0, 1, 1),
    (3, 184, 80, 0, 1, 1),
    (3, 480, 112, 1, 1, 1),
    (3, 672, 112, 1, 1, 1),
    (5, 672, 160, 1, 1, 2),
    (5, 960, 160, 1, 1, 1),
    (5, 960, 160, 1, 1, 1),
)
SMALL = (
    (3, 16, 16, 1, 0, 2),
    (3, 72, 24, 0, 0, 2),
    (3, 88, 24, 0, 0, 1),
    (5, 96, 40, 1, 1, 2),
    (5, 240, 40, 1, 1, 1),
    (5, 240, 40, 1, 1, 1),
    (5, 120, 48, 1, 1, 1),
    (5, 144, 48, 1, 1, 1),
    (5, 288, 96, 1, 1, 2),
    (5, 576, 96, 1, 1, 1),
    (5, 576, 96, 1, 1, 1),
)


class MobileNetV3(nn.Sequential):
    def __init__(
        self, rows: tuple[tuple[int, int, int, int, int, int], ...], last: int, head: int, classes: int = 1000
    ) -> None:
        layers = conv(3, 16, 3, 2, nn.Hardswish)
        c = 16
        for kernel, hidden, leaving, gated, swish, stride in rows:
            gate = Gate(hidden, rounded(hidden // 4), nn.ReLU, nn.Hardsigmoid) if gated else None
            layers.append(Inverted(c, hidden, leaving, kernel, stride, nn.Hardswish if swish else nn.ReLU, gate))
            c = leaving
        layers += conv(c, last, 1, 1, nn.Hardswish)
        super().__init__(
            *layers,
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(last, head),
            nn.Hardswish(),
            nn.Dropout(0.2),
            nn.Linear(head, classes),
        )


REFERENCES = {
    "mobilenetv1": lambda: MobileNetV1(),
    "mobilenetv1-0.75": lambda: MobileNetV1(0.75),
    "mobilenetv1-0.5": lambda: MobileNetV1(0.5),
    "mobilenetv1-0.25": lambda: MobileNetV1(0.25),
    "mobilenetv2": lambda: MobileNetV2(),
    "mobilenetv2-1.4": lambda: MobileNetV2(1.4),
    "mobilenetv2-0.75": lambda: MobileNetV2(0.75),
    "mobilenetv2-0.5": lambda: MobileNetV2(0.5),
    "mobilenetv2-0.35": lambda: MobileNetV2(0.35),
    "mobilenetv3-large": lambda: with_eps(MobileNetV3(LARGE, 960, 1280), 1e-3),
    "mobilenetv3-small": lambda: with_eps(MobileNetV3(SMALL, 576, 1024), 1e-3),
}
