"""A program written for micrograd 0.1.0 runs when its imports are changed, and gives the same numbers.

Each program below is a function of the engine: `Value`, `Neuron`, `Layer`, `MLP` and `Module` of either package.
"""

import math
import random
from collections import Counter
from types import SimpleNamespace

import micrograd.engine
import micrograd.nn
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import make_moons

import micrograd_like.engine
import micrograd_like.nn


def engine(package):
    nn = package.nn
    return SimpleNamespace(Value=package.engine.Value, Neuron=nn.Neuron, Layer=nn.Layer, MLP=nn.MLP, Module=nn.Module)


def run_with_both(program):
    """Return what the program gives with micrograd and with this package, after the same seed."""
    results = []
    for package in (micrograd, micrograd_like):
        random.seed(1337)
        results.append(program(engine(package)))
    return results


def assert_same_numbers(program):
    theirs, ours = run_with_both(program)
    assert ours == pytest.approx(theirs, rel=1e-12, abs=0)
    assert len(ours) > 0 and all(math.isfinite(x) for x in ours)


def readme(e):
    a = e.Value(-4.0)
    b = e.Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    g = (c - d) ** 2
    g = g / 2.0 + 10.0 / g
    g.backward()
    return [g.data, a.grad, b.grad]


def every_operator(e):
    a, b = e.Value(-0.75), e.Value(3)
    results = [
        a + b, a + 2, 2 + a, a - b, a - 2, 2 - a, a * b, a * 2, 2 * a, a / b, a / 2, 2 / a, -a,
        a**2, a**-1, a**-3.0, b**0.5, b**-1.5, a.relu(), b.relu(), (-a).relu(), a * 0, a + a, a * a, a / a, a - a,
    ]
    y = sum(results)
    y.backward()
    return [x.data for x in results] + [x.grad for x in results] + [y.data, y.grad, a.grad, b.grad]


def numbers_without_a_graph(e):
    a = e.Value(5)
    return [a.data, a.grad, len(a._prev), len(a._op)]


def neuron(e):
    n = e.Neuron(3)
    y = n([1.0, e.Value(-2.0), 3])
    y.backward()
    return [y.data] + [p.data for p in n.parameters()] + [p.grad for p in n.parameters()]


def linear_layer(e):
    layer = e.Layer(2, 3, nonlin=False)
    outputs = layer([0.5, -1.5])
    sum(outputs).backward()
    return [y.data for y in outputs] + [p.grad for p in layer.parameters()]


def fit_by_hand(e):
    """Four samples, squared error, weights moved in place, gradients cleared by hand."""
    model = e.MLP(3, [4, 4, 1])
    inputs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    curve = []
    for _ in range(20):
        loss = sum(((model(x) - y) ** 2 for x, y in zip(inputs, [1.0, -1.0, -1.0, 1.0], strict=True)), e.Value(0))
        for p in model.parameters():
            p.grad = 0.0
        loss.backward()
        for p in model.parameters():
            p.data += -0.01 * p.grad
        curve.append(loss.data)
    return curve + [p.data for p in model.parameters()]


def module_of_its_own(e):
    """A class that derives from Module and lists its parameters itself, as micrograd asks for."""

    class Scaled(e.Module):
        def __init__(self):
            self.inner = e.Layer(2, 2)
            self.scale = e.Value(1.5)

        def __call__(self, x):
            return [self.scale * y for y in self.inner(x)]

        def parameters(self):
            return [self.scale, *self.inner.parameters()]

    model = Scaled()
    for _ in range(2):  # the second pass starts from gradients of 0 again
        model.zero_grad()
        sum(model([1.0, -1.0])).backward()
    return [p.grad for p in model.parameters()]


def moons(e):
    """The training loop of micrograd's demo, on fewer points."""
    points, classes = make_moons(n_samples=24, noise=0.1, random_state=1)
    classes = classes * 2 - 1
    model = e.MLP(2, [8, 8, 1])
    curve = []
    for k in range(12):
        inputs = [list(map(e.Value, row)) for row in points]
        scores = list(map(model, inputs))
        margins = [(1 + -yi * score).relu() for yi, score in zip(classes, scores, strict=True)]
        alpha = 1e-4
        loss = sum(margins) * (1.0 / len(margins)) + alpha * sum(p * p for p in model.parameters())
        right = [(yi > 0) == (score.data > 0) for yi, score in zip(classes, scores, strict=True)]
        model.zero_grad()
        loss.backward()
        learning_rate = 1.0 - 0.9 * k / 12
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        curve += [loss.data, sum(right) / len(right)]
    return curve + [p.data for p in model.parameters()]


def trace(root):
    """Return the nodes and edges of a graph, as the drawing notebook does."""
    nodes, edges = set(), set()

    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(root)
    return nodes, edges


@pytest.mark.parametrize(
    "program",
    [
        readme, every_operator, numbers_without_a_graph, neuron, linear_layer, fit_by_hand, module_of_its_own, moons,
    ],
)
def test_program_gives_the_same_numbers(program):
    assert_same_numbers(program)


def test_readme_example_gives_the_printed_numbers():
    assert [f"{x:.4f}" for x in readme(engine(micrograd_like))] == ["24.7041", "138.8338", "645.5773"]


OPERATIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "negative": lambda a, b: -a,
    "relu": lambda a, b: a.relu(),
}
STEPS = st.tuples(st.sampled_from(list(OPERATIONS)), st.integers(0, 9), st.integers(0, 9))


@settings(deadline=None)
@given(st.lists(st.integers(-2, 2), min_size=2, max_size=3), st.lists(STEPS, min_size=1, max_size=5))
def test_random_programs_give_the_same_numbers_exactly(numbers, steps):
    def program(e):
        values = [e.Value(n) for n in numbers]  # small integers: no rounding, so that the order of sums is no matter
        for operation, i, j in steps:
            values.append(OPERATIONS[operation](values[i % len(values)], values[j % len(values)]))
        values[-1].backward()
        return [v.data for v in values], [v.grad for v in values[: len(numbers)]]

    theirs, ours = run_with_both(program)
    assert ours == theirs


def test_initial_weights_are_the_same_random_numbers_in_the_same_order():
    theirs, ours = run_with_both(lambda e: [p.data for p in e.MLP(3, [4, 2, 1]).parameters()])
    assert ours == theirs


def test_nothing_but_the_weights_is_drawn_from_the_random_numbers():
    theirs, ours = run_with_both(lambda e: (e.MLP(3, [2, 1])([1, 2, 3]).data, random.random())[1])
    assert ours == theirs


@pytest.mark.parametrize(
    "build",
    [
        lambda e: e.Neuron(3),
        lambda e: e.Neuron(3, False),
        lambda e: e.Neuron(3, nonlin=False),
        lambda e: e.Layer(2, 3),
        lambda e: e.Layer(2, 1, nonlin=False),
        lambda e: e.MLP(3, [4, 4, 1]),
    ],
)
def test_modules_print_the_same(build):
    theirs, ours = run_with_both(lambda e: repr(build(e)))
    assert ours == theirs


def test_layer_of_one_neuron_returns_its_output_and_not_a_list():
    theirs, ours = run_with_both(lambda e: [type(e.Layer(2, n)([1.0, 2.0])).__name__ for n in (1, 2)])
    assert ours == theirs == ["Value", "list"]


def test_trace_finds_the_same_nodes_and_edges():
    def program(e):
        a, b = e.Value(2.0), e.Value(-3.0)
        nodes, edges = trace((a * b + 10 * a).relu() + a * a)
        sketch = {v: (v._op.lower(), v.data) for v in nodes}
        return Counter(sketch.values()), Counter((sketch[v], sketch[w]) for v, w in edges)

    theirs, ours = run_with_both(program)
    assert ours == theirs


def test_trace_of_a_network_reaches_every_parameter_and_input():
    e = engine(micrograd_like)
    model, inputs = e.MLP(2, [3, 1]), [e.Value(0.5), e.Value(-0.5)]
    nodes, _ = trace(model(inputs))
    assert {v for v in nodes if not v._op} == {*model.parameters(), *inputs}
