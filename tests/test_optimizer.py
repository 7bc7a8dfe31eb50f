"""The optimizers of recipes against torch's."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from cnndsl.layers.rejected import Rejected
from cnndsl.training.recipe.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop

torch = pytest.importorskip("torch")

from cnndsl.training.optimizer import optimizer as make  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    """The networks are tiny, and the test runners share the cores."""
    torch.set_num_threads(1)


class Small(torch.nn.Module):
    """A convolution, a norm, a scale and two dense layers that share their weight."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.convolution = torch.nn.Conv2d(1, 4, 3)
        self.norm = torch.nn.BatchNorm2d(4)
        self.scale = torch.nn.Parameter(torch.ones(4, 1, 1))
        self.first = torch.nn.Linear(4, 4)
        self.second = torch.nn.Linear(4, 4)
        self.second.weight = self.first.weight

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.second(self.first((self.norm(self.convolution(images)) * self.scale).mean(dim=(2, 3))))


def trained(module: torch.nn.Module, optimizer: torch.optim.Optimizer, penalty: Any = None, steps: int = 5) -> Any:
    """The parameters after a few steps towards random targets."""
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        images, target = torch.randn(8, 1, 5, 5, generator=generator), torch.randint(0, 4, (8,), generator=generator)
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(module(images), target)
        (loss + penalty(module) if penalty else loss).backward()
        optimizer.step()
    return {name: each.detach() for name, each in module.named_parameters()}


CASES: list[tuple[Optimizer, Callable[..., torch.optim.Optimizer], dict[str, Any]]] = [
    (SGD.bind({"lr": 0.1}), torch.optim.SGD, {"lr": 0.1}),
    (
        SGD.bind({"momentum": 0.9, "nesterov": True}),
        torch.optim.SGD,
        {"lr": 0.01, "momentum": 0.9, "nesterov": True},
    ),
    (Adam.bind({"betas": (0.8, 0.99), "eps": 1e-6}), torch.optim.Adam, {"lr": 3e-3, "betas": (0.8, 0.99), "eps": 1e-6}),
    (AdamW.bind({}), torch.optim.AdamW, {"lr": 1e-3}),
    (
        RMSprop.bind({"alpha": 0.9, "momentum": 0.5}),
        torch.optim.RMSprop,
        {"lr": 1e-3, "alpha": 0.9, "momentum": 0.5},
    ),
]


@pytest.mark.parametrize(("part", "theirs", "arguments"), CASES, ids=lambda value: getattr(value, "in_full", ""))
@pytest.mark.parametrize("decay", [0, 0.1])
def test_its_steps_are_those_of_torch(part: Optimizer, theirs: Any, arguments: Any, decay: float) -> None:
    ours, plain = Small(), Small()
    found = trained(ours, make(part.with_values(weight_decay=decay, decay_all=True), ours))
    torch.testing.assert_close(found, trained(plain, theirs(plain.parameters(), weight_decay=decay, **arguments)))


def test_weights_of_convolutions_and_dense_layers_decay_alone_and_once() -> None:
    ours, plain = Small(), Small()
    heavy = [plain.convolution.weight, plain.first.weight]
    light = [each for each in plain.parameters() if all(each is not other for other in heavy)]
    groups = [{"params": heavy}, {"params": light, "weight_decay": 0}]
    expected = trained(plain, torch.optim.SGD(groups, lr=0.1, weight_decay=0.5))
    found = trained(ours, make(SGD.bind({"lr": 0.1, "weight_decay": 0.5}), ours))
    torch.testing.assert_close(found, expected)
    apart = trained(Small(), torch.optim.SGD(Small().parameters(), lr=0.1, weight_decay=0.5))
    assert not torch.equal(found["norm.weight"], apart["norm.weight"])


@pytest.mark.parametrize("everything", [False, True])
def test_the_l1_penalty_is_one_of_the_loss(everything: bool) -> None:
    def penalty(module: Small) -> torch.Tensor:
        weights = module.parameters() if everything else [module.convolution.weight, module.first.weight]
        return 0.05 * sum(weight.abs().sum() for weight in weights)

    ours, plain = Small(), Small()
    found = trained(ours, make(SGD.bind({"lr": 0.1, "l1": 0.05, "decay_all": everything}), ours))
    torch.testing.assert_close(found, trained(plain, torch.optim.SGD(plain.parameters(), lr=0.1), penalty))


def test_parameters_without_gradients_are_left_alone() -> None:
    module = Small()
    module.convolution.requires_grad_(False)
    before = module.convolution.weight.clone()
    trained(module, make(SGD.bind({"lr": 0.1, "l1": 1, "weight_decay": 1}), module))
    assert torch.equal(module.convolution.weight, before)


@pytest.mark.parametrize("part", [case[0] for case in CASES], ids=str)
def test_its_state_can_be_taken_up_again(part: Optimizer) -> None:
    part = part.with_values(weight_decay=0.01)
    module = Small()
    optimizer = make(part, module)
    trained(module, optimizer)
    other = copy.deepcopy(module)
    taken_up = make(part, other)
    taken_up.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    first, second = trained(module, optimizer), trained(other, taken_up)
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    ("part", "values"),
    [(SGD, {"nesterov": True}), (Adam, {"betas": (1, 0.9)}), (AdamW, {"betas": (0.9, 1)})],
    ids=lambda value: value.word() if isinstance(value, type) else str(value),
)
def test_what_torch_would_not_take_is_rejected(part: type[Optimizer], values: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as rejected:
        part.bind(values)
    assert [rejected.value.attribute] == [*values]


@pytest.mark.parametrize("part", [Adam, AdamW, SGD, RMSprop], ids=lambda part: part.word())
def test_every_value_at_its_limit_is_taken(part: type[Optimizer]) -> None:
    limits = {"momentum": 1, "alpha": 1, "eps": 1e-30, "lr": 1_000_000, "weight_decay": 1e9, "l1": 1e9}
    make(part.bind({name: value for name, value in limits.items() if name in part.attributes}), Small()).step()
