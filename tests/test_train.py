"""`fit` makes the loss small, keeps what was learned whatever ends it, and says what is wrong with its input."""

import io
import math
import pickle
import random
import sys
from fractions import Fraction

import numpy as np
import pytest

from micrograd_like import (
    MLP,
    SGD,
    Adam,
    Module,
    Neuron,
    Value,
    binary_cross_entropy,
    categorical_cross_entropy_with_logits,
    exp,
    fit,
    hinge,
    log,
    mean_squared_error,
    sqrt,
    sum_of_squares,
)
from micrograd_like.optim import Optimizer
from micrograd_like.train import DivergenceError, History

INPUTS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.5, 0.5]]
TARGETS = [0.0, 1.0, 1.0, 0.0, 0.5]


def network(seed=1):
    return MLP(2, [3, 1], activation="tanh", rng=random.Random(seed))


def line(w=0.5, b=0.0):
    """Return the model w·x + b."""
    neuron = Neuron(1, activation="linear")
    neuron.w[0].data, neuron.b.data = w, b
    return neuron


def data(model):
    return [p.data for p in model.parameters()]


def trained(model=None, loss=sum_of_squares, epochs=3, optimizer=None, rng=None, **options):
    """Return a model and its history after some epochs on the samples above."""
    model, optimizer, rng = model or network(), optimizer or SGD(0.1), rng or random.Random(2)
    return model, fit(model, loss, INPUTS, TARGETS, epochs=epochs, optimizer=optimizer, rng=rng, **options)


def calls_until(number, error, function):
    """Return the function, raising the error in place of its call of that number, the first being 1."""
    calls = iter(range(1, number + 1))

    def counted(*args):
        if next(calls, None) == number:
            raise error
        return function(*args)

    return counted


class StoppedStep(SGD):
    """Gradient descent whose step of a number moves one parameter and is then cut short."""

    def __init__(self, learning_rate, stop, **settings):
        super().__init__(learning_rate, **settings)
        self.stop = stop

    def step(self, parameters):
        if self.steps + 1 == self.stop:
            super().step(parameters[:1])
            raise KeyboardInterrupt
        super().step(parameters)


class Scale(Module):
    """The model w·x of one number."""

    def __init__(self):
        self.w = Value(1.0)

    def __call__(self, x):
        return self.w * x


class Shuffles:
    """Random numbers that leave the samples as they are, and remember how often they were asked."""

    def __init__(self):
        self.asked = 0

    def shuffle(self, order):
        self.asked += 1


# Learning


@pytest.mark.parametrize(
    ("loss", "targets"),
    [
        (sum_of_squares, [0, 1, 1, 0]),
        (mean_squared_error, [[0], [1], [1], [0]]),
        (hinge, [-1, 1, 1, -1]),
    ],
)
def test_exclusive_or_is_learned(loss, targets):
    model = MLP(2, [6, 1], activation="tanh", rng=random.Random(1))
    history = fit(model, loss, INPUTS[:4], targets, epochs=200, optimizer=Adam(0.1))
    assert history.losses[-1] < 0.01 < history.losses[0]


def test_classes_are_learned():
    model = MLP(2, [6, 3], activation="tanh", rng=random.Random(1))
    fit(model, categorical_cross_entropy_with_logits, INPUTS[:4], [0, 1, 1, 2], epochs=100, optimizer=Adam(0.1))
    outputs = [[y.data for y in model(x)] for x in INPUTS[:4]]
    assert [row.index(max(row)) for row in outputs] == [0, 1, 1, 2]


def test_a_step_is_that_of_the_mean_loss_by_hand():
    model, by_hand = network(), network()
    fit(model, sum_of_squares, INPUTS, TARGETS, epochs=2, optimizer=SGD(0.1))
    for _ in range(2):
        by_hand.zero_grad()
        mean = sum(sum_of_squares(by_hand(x), y) for x, y in zip(INPUTS, TARGETS, strict=True)) / 5
        mean.backward()
        for p in by_hand.parameters():
            p.data -= 0.1 * p.grad
    assert data(model) == pytest.approx(data(by_hand), rel=1e-12)


def test_gradients_from_before_do_not_count():
    model = network()
    for p in model.parameters():
        p.grad = 1e6
    assert data(trained(model)[0]) == data(trained()[0])


def test_training_in_two_parts_is_training_in_one():
    model, optimizer, rng = network(), Adam(0.05), random.Random(3)
    _, first = trained(model, epochs=2, optimizer=optimizer, rng=rng)
    _, second = trained(model, epochs=3, optimizer=optimizer, rng=rng)
    whole, history = trained(epochs=5, optimizer=Adam(0.05), rng=random.Random(3))
    assert data(model) == data(whole)
    assert first.losses + second.losses == history.losses


def test_samples_are_left_as_they_are():
    inputs, targets = [row[:] for row in INPUTS], TARGETS[:]
    fit(network(), sum_of_squares, inputs, targets, epochs=2, optimizer=SGD(0.1), batch_size=2)
    assert (inputs, targets) == (INPUTS, TARGETS)


# History


def test_history_holds_the_mean_loss_of_each_epoch_before_its_steps():
    model = network()
    before = sum(sum_of_squares(model(x), y).data for x, y in zip(INPUTS, TARGETS, strict=True)) / 5
    _, history = trained(model, epochs=4)
    assert len(history.losses) == 4
    assert history.losses[0] == pytest.approx(before, rel=1e-12)
    assert {type(loss) for loss in history.losses} == {float}


def test_history_weighs_batches_by_their_samples():
    _, history = trained(loss=lambda output, y: output * 0 + 1 + y, batch_size=2, epochs=1)
    assert history.losses == [pytest.approx(1 + sum(TARGETS) / 5)]


def test_history_prints_its_length_and_its_ends():
    history = History()
    assert repr(history) == "History of 0 epochs"
    history.losses = [1.23456, 0.5, 0.000123456]
    assert repr(history) == "History of 3 epochs, loss from 1.23 to 0.000123"
    history.interrupted = True
    assert repr(history) == "History of 3 epochs, loss from 1.23 to 0.000123, interrupted"


def test_history_draws_its_losses_over_the_epochs():
    history = History()
    history.losses = [3.0, 2.0, 1.0]
    axes = history.plot()
    assert [points.tolist() for points in axes.lines[0].get_data()] == [[1, 2, 3], [3.0, 2.0, 1.0]]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "loss")


def test_a_missing_matplotlib_is_told_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match='needs matplotlib: pip install matplotlib, which is in the extra "demos"'):
        History().plot()


# Batches


@pytest.mark.parametrize(
    ("size", "sizes"), [(None, [5]), (1, [1] * 5), (2, [2, 2, 1]), (4, [4, 1]), (5, [5]), (9, [5])]
)
def test_batches_are_of_the_size_and_the_last_of_the_rest(size, sizes):
    targets_of_a_step, steps = [], []

    class Counted(SGD):
        def step(self, parameters):
            steps.append(len(targets_of_a_step))
            targets_of_a_step.clear()
            super().step(parameters)

    def loss(output, y):
        targets_of_a_step.append(y)
        return sum_of_squares(output, y)

    trained(loss=loss, optimizer=Counted(0.1), batch_size=size, epochs=2)
    assert steps == sizes * 2


def test_every_epoch_uses_each_sample_once():
    seen = []
    trained(loss=lambda output, y: seen.append(y) or sum_of_squares(output, y), batch_size=2, epochs=2)
    assert sorted(seen[:5]) == sorted(seen[5:]) == sorted(TARGETS)


def test_inputs_keep_their_targets_when_shuffled():
    inputs, targets = [[float(i)] for i in range(20)], [2.0 * i for i in range(20)]
    model = line(2.0)
    history = fit(model, sum_of_squares, inputs, targets, epochs=3, optimizer=SGD(0.001), batch_size=3)
    assert history.losses == [0.0] * 3


def test_batches_are_shuffled_the_same_by_the_same_random_numbers():
    one, again = (trained(batch_size=2, rng=random.Random(4)) for _ in range(2))
    assert (data(one[0]), one[1].losses) == (data(again[0]), again[1].losses)


def test_batches_are_shuffled_otherwise_by_other_random_numbers():
    assert data(trained(batch_size=2, rng=random.Random(4))[0]) != data(trained(batch_size=2, rng=random.Random(5))[0])


@pytest.mark.parametrize(("size", "asked"), [(None, 0), (5, 0), (6, 0), (4, 3), (1, 3)])
def test_samples_are_shuffled_once_an_epoch_where_there_is_more_than_one_batch(size, asked):
    rng = Shuffles()
    trained(batch_size=size, rng=rng, epochs=3)
    assert rng.asked == asked


def test_the_random_module_shuffles_unless_told():
    random.seed(6)
    model = network()
    fit(model, sum_of_squares, INPUTS, TARGETS, epochs=3, optimizer=SGD(0.1), batch_size=2)
    assert data(model) == data(trained(batch_size=2, rng=random.Random(6))[0])


def test_numpys_generators_shuffle():
    one, again = (trained(batch_size=2, rng=np.random.default_rng(4))[0] for _ in range(2))
    assert data(one) == data(again) != data(trained(batch_size=2, rng=Shuffles())[0])


# Ctrl-C


@pytest.mark.parametrize(("call", "steps"), [(1, 0), (5, 0), (6, 1), (13, 2)])
def test_ctrl_c_in_the_loss_keeps_the_weights_of_the_last_complete_step(call, steps):
    stopped, history = trained(loss=calls_until(call, KeyboardInterrupt(), sum_of_squares), epochs=10)
    assert data(stopped) == (data(trained(epochs=steps)[0]) if steps else data(network()))
    assert history.interrupted
    assert len(history.losses) == steps


@pytest.mark.parametrize("step", [1, 2, 4])
def test_ctrl_c_in_a_step_keeps_the_weights_of_the_last_complete_step(step):
    stopped, history = trained(optimizer=StoppedStep(0.1, step), epochs=10)
    assert data(stopped) == (data(trained(epochs=step - 1)[0]) if step > 1 else data(network()))
    assert (history.interrupted, len(history.losses)) == (True, step - 1)


def test_ctrl_c_between_steps_keeps_the_weights_of_the_last_complete_step():
    rng = Shuffles()
    rng.shuffle = calls_until(3, KeyboardInterrupt(), rng.shuffle)
    stopped, history = trained(batch_size=2, rng=rng, epochs=10)
    assert len(history.losses) == 2
    assert data(stopped) == data(trained(batch_size=2, rng=Shuffles(), epochs=2)[0])


def test_ctrl_c_while_progress_is_shown_keeps_the_weights_of_the_last_complete_step(monkeypatch):
    tqdm = pytest.importorskip("tqdm")
    monkeypatch.setattr(tqdm.tqdm, "update", calls_until(2, KeyboardInterrupt(), lambda bar, n: None))
    stopped, history = trained(epochs=10)
    assert len(history.losses) == 2
    assert data(stopped) == data(trained(epochs=2)[0])


def test_ctrl_c_in_a_later_batch_keeps_the_steps_of_its_epoch():
    stopped, history = trained(loss=calls_until(4, KeyboardInterrupt(), sum_of_squares), batch_size=3, rng=Shuffles())
    by_hand = network()
    fit(by_hand, sum_of_squares, INPUTS[:3], TARGETS[:3], epochs=1, optimizer=SGD(0.1))
    assert data(stopped) == data(by_hand)
    assert history.losses == []


def test_training_goes_on_after_ctrl_c_as_if_it_had_not_been():
    model, optimizer = network(), StoppedStep(0.05, 3, momentum=0.9)
    trained(model, optimizer=optimizer, epochs=10)
    optimizer.stop = None
    trained(model, optimizer=optimizer, epochs=3)
    assert data(model) == data(trained(optimizer=SGD(0.05, momentum=0.9), epochs=5)[0])


def test_training_that_is_not_stopped_says_so():
    assert not trained()[1].interrupted


def test_any_other_error_in_the_loss_passes_and_keeps_the_last_complete_step():
    model = network()
    with pytest.raises(LookupError, match="no such thing"):
        trained(model, calls_until(12, LookupError("no such thing"), sum_of_squares), epochs=10)
    assert data(model) == data(trained(epochs=2)[0])


# Divergence


def diverged(model, loss, optimizer, inputs=((1.0,),), targets=(1.0,), **options):
    with pytest.raises(DivergenceError) as caught:
        fit(model, loss, inputs, targets, epochs=2000, optimizer=optimizer, **options)
    assert all(type(x) is float and math.isfinite(x) for x in data(model))
    return caught.value


@pytest.mark.parametrize(("number", "told"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")])
def test_a_loss_that_is_not_finite_is_told_and_changes_nothing(number, told):
    model = line()
    error = diverged(model, lambda output, y: output + number, SGD(0.1))
    assert str(error).startswith(f"epoch 1, batch 1: the loss is {told}. ")
    assert data(model) == [0.5, 0.0]


def test_the_epoch_and_the_batch_are_told():
    loss, samples = calls_until(9, OverflowError("too much"), sum_of_squares), [[1.0]] * 5
    error = diverged(line(), loss, SGD(0.1), samples, [1.0] * 5, batch_size=3, rng=Shuffles())
    assert str(error).startswith("epoch 2, batch 2: too much. ")


def test_the_history_until_then_is_there():
    losses = iter([3.0, 2.0, math.nan])
    error = diverged(line(1.0), lambda output, y: output * 0 + next(losses), SGD(0.1))
    assert error.history.losses == [3.0, 2.0]
    assert not error.history.interrupted


def test_an_overflow_in_the_loss_is_told():
    error = diverged(line(), lambda output, y: exp(output + 1000), SGD(0.1))
    assert "epoch 1, batch 1: exp(1000.5): the result is too large for a float" in str(error)
    assert isinstance(error.__cause__, OverflowError)


def test_a_division_by_zero_in_the_loss_is_told():
    error = diverged(line(), lambda output, y: 1 / (output - output), SGD(0.1))
    assert str(error).startswith("epoch 1, batch 1: ")
    assert "division by zero" in str(error)


def test_a_logarithm_of_zero_in_the_loss_is_told():
    model = Neuron(1, activation="sigmoid", rng=random.Random(1))
    error = diverged(model, binary_cross_entropy, SGD(1000.0), [[1.0], [1.0]], [0.0, 1.0])
    assert "log" in str(error)


def test_a_gradient_that_is_infinite_is_told_and_changes_nothing():
    model = line(0.0)
    error = diverged(model, lambda output, y: sqrt(output), SGD(0.1))
    assert str(error).startswith("epoch 1, batch 1: a gradient is inf. ")
    assert "The weights are of ordinary size: look at the loss" in str(error)
    assert data(model) == [0.0, 0.0]


def test_weights_that_grow_are_told_with_the_learning_rate():
    error = diverged(line(), sum_of_squares, SGD(5.0))
    assert "The weights have grown to " in str(error)
    assert str(error).endswith("try a learning rate below 5.0")


def test_a_learning_rate_that_is_a_function_is_told_as_the_number_it_was():
    error = diverged(line(), sum_of_squares, SGD(lambda step: 5.0))
    assert str(error).endswith("try a learning rate below 5.0")


def test_a_step_to_infinity_is_taken_back():
    model = line(1e10)
    error = diverged(model, lambda output, y: output * 1e10, SGD(1e300))
    assert str(error).startswith("epoch 1, batch 1: a weight is -inf. ")
    assert data(model) == [1e10, 0.0]


def test_a_step_to_infinity_from_ordinary_weights_is_blamed_on_the_learning_rate():
    error = diverged(line(), lambda output, y: output * 1e10, SGD(1e300))
    assert "learning rate below 1e+300" in str(error)


def test_weights_are_the_last_finite_ones():
    model, steps = line(), []
    error = diverged(model, lambda output, y: steps.append(data(model)) or sum_of_squares(output, y), SGD(5.0))
    assert data(model) == steps[-1]
    assert len(error.history.losses) == len(steps) - 1 > 10


def test_an_overflow_in_a_step_is_taken_back():
    class Overflows(Optimizer):
        def _direction(self, p):
            return 1.0 if self.steps < 3 or p.label == "w0" else math.exp(1000)

    model = line()
    error = diverged(model, sum_of_squares, Overflows(0.125))
    assert str(error).startswith("epoch 3, batch 1: math range error")
    assert data(model) == [0.25, -0.25]


def test_divergence_is_an_arithmetic_error():
    assert issubclass(DivergenceError, ArithmeticError)


def test_a_model_of_fractions_may_diverge_too():
    model = Neuron(1, activation="linear")
    model.w[0].data, model.b.data = Fraction(1000), Fraction(1)
    with pytest.raises(DivergenceError, match="The weights have grown to 1e"):
        fit(model, lambda output, y: 1 / (output - output), [[1.0]], [1.0], epochs=1, optimizer=SGD(0.1))


# The progress bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "shown"), [(Terminal, True), (io.StringIO, False)])
def test_the_bar_appears_only_on_a_terminal(monkeypatch, stream, shown):
    pytest.importorskip("tqdm")
    screen = stream()
    monkeypatch.setattr(sys, "stderr", screen)
    _, history = trained(epochs=7)
    text = screen.getvalue()
    assert ("7/7" in text) == (f"loss {history.losses[-1]:.4g}" in text) == shown
    assert bool(text) == shown


def test_training_prints_nothing_on_its_own(capfd):
    trained()
    assert capfd.readouterr() == ("", "")


def test_without_tqdm_training_is_the_same(monkeypatch):
    with_tqdm = trained()
    monkeypatch.setitem(sys.modules, "tqdm", None)
    without = trained()
    assert (data(without[0]), without[1].losses) == (data(with_tqdm[0]), with_tqdm[1].losses)


def test_without_tqdm_ctrl_c_stops_as_well(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    _, history = trained(loss=calls_until(6, KeyboardInterrupt(), sum_of_squares))
    assert (history.interrupted, len(history.losses)) == (True, 1)


def test_without_tqdm_an_error_in_the_loss_is_not_blamed_on_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(LookupError) as caught:
        trained(loss=calls_until(1, LookupError(), sum_of_squares))
    assert caught.value.__context__ is None


# What goes in


@pytest.mark.parametrize("array", [np.array, np.float32, lambda rows: [np.array(row) for row in rows]])
def test_numpy_samples_train_as_lists_do(array):
    model = network()
    fit(model, sum_of_squares, array(INPUTS), np.array(TARGETS), epochs=3, optimizer=SGD(0.1))
    assert data(model) == data(trained()[0])


def test_numpy_classes_train_as_integers_do():
    def weights_after(targets):
        model = MLP(2, [2], rng=random.Random(1))
        fit(model, categorical_cross_entropy_with_logits, INPUTS, targets, epochs=3, optimizer=SGD(0.1))
        return data(model)

    assert weights_after(np.array([0, 1, 1, 0, 1])) == weights_after([0, 1, 1, 0, 1])


@pytest.mark.parametrize("inputs", [[1.0, 2.0], (1, 2), np.array([1.0, 2.0]), [Value(1.0), Value(2.0)]])
def test_inputs_may_be_a_number_each(inputs):
    model = Scale()
    fit(model, sum_of_squares, inputs, [3.0, 6.0], epochs=100, optimizer=SGD(0.1))
    assert model.w.data == pytest.approx(3.0)


def test_inputs_may_be_images_of_rows():
    class Brightness(Scale):
        def __call__(self, image):
            return super().__call__(sum(sum(row) for row in image))

    model = Brightness()
    fit(model, sum_of_squares, np.ones((2, 3, 4)), [3.0, 3.0], epochs=100, optimizer=SGD(0.005))
    assert model.w.data == pytest.approx(0.25)


NOT_FINITE = [math.nan, math.inf, -math.inf, np.float64("nan"), Value(math.nan)]


@pytest.mark.parametrize("number", NOT_FINITE)
def test_an_input_that_is_not_finite_is_refused_with_its_place(number):
    with pytest.raises(ValueError, match=r"inputs\[1\] has .*: training takes finite numbers"):
        fit(network(), sum_of_squares, [[0.0, 1.0], [1.0, number]], [0.0, 1.0], epochs=1, optimizer=SGD(0.1))


@pytest.mark.parametrize("number", NOT_FINITE)
def test_a_target_that_is_not_finite_is_refused_with_its_place(number):
    with pytest.raises(ValueError, match=r"targets\[1\] has .*: training takes finite numbers"):
        fit(network(), sum_of_squares, [[0.0, 1.0], [1.0, 1.0]], [0.0, number], epochs=1, optimizer=SGD(0.1))


@pytest.mark.parametrize("number", [10**400, Fraction(10**400)], ids=["int", "Fraction"])
def test_a_sample_too_large_for_a_float_is_refused_with_its_place(number):
    with pytest.raises((ValueError, OverflowError), match=r"inputs\[1\] has "):
        fit(network(), sum_of_squares, [[0.0, 1.0], [1.0, number]], [0.0, 1.0], epochs=1, optimizer=SGD(0.1))


@pytest.mark.parametrize("number", ["1", "abc", None, 1j, {"x": 1.0}, object()])
def test_a_sample_that_is_no_number_is_refused_with_its_place(number):
    with pytest.raises(TypeError, match=rf"inputs\[1\].*a real number is wanted, not {type(number).__name__}"):
        fit(network(), sum_of_squares, [[0.0, 1.0], [1.0, number]], [0.0, 1.0], epochs=1, optimizer=SGD(0.1))


@pytest.mark.parametrize(
    ("inputs", "lengths"), [([[1, 2], [3]], "1, 2"), ([[1, 2], [1, 2, 3], []], "0, 2, 3"), ([[1, 2], 3], "1, 2")]
)
def test_rows_of_different_lengths_are_refused_with_the_lengths(inputs, lengths):
    with pytest.raises(ValueError, match=f"the inputs have rows of different lengths: {lengths}"):
        fit(network(), sum_of_squares, inputs, [0.0] * len(inputs), epochs=1, optimizer=SGD(0.1))


def test_targets_of_different_lengths_are_refused_with_the_lengths():
    with pytest.raises(ValueError, match="the targets have rows of different lengths: 1, 2"):
        fit(network(), sum_of_squares, [[1, 2], [3, 4]], [[1], [1, 2]], epochs=1, optimizer=SGD(0.1))


@pytest.mark.parametrize(("inputs", "targets"), [(INPUTS, TARGETS[:4]), (INPUTS[:4], TARGETS), ([], [1]), (INPUTS, [])])
def test_different_numbers_of_inputs_and_targets_are_refused(inputs, targets):
    with pytest.raises(ValueError, match=f"one target for each input, not {len(targets)} for {len(inputs)}"):
        fit(network(), sum_of_squares, inputs, targets, epochs=1, optimizer=SGD(0.1))


@pytest.mark.parametrize("nothing", [[], (), np.empty((0, 2))])
def test_no_samples_are_refused(nothing):
    with pytest.raises(ValueError, match="there are no samples"):
        fit(network(), sum_of_squares, nothing, [], epochs=1, optimizer=SGD(0.1))


def test_rows_that_do_not_fit_the_model_are_refused_and_change_nothing():
    model = network()
    with pytest.raises(ValueError, match="a layer with 2 inputs got 3"):
        fit(model, sum_of_squares, [[1, 2, 3]], [1], epochs=1, optimizer=SGD(0.1))
    assert data(model) == data(network())


@pytest.mark.parametrize("number", [0, -1, 2.0, True, "3"])
def test_epochs_that_are_no_number_of_times_are_refused(number):
    with pytest.raises(ValueError, match=f"epochs is an integer from 1 on, not {number!r}"):
        trained(epochs=number)


def test_an_unlimited_number_of_epochs_is_refused():
    with pytest.raises(ValueError, match="epochs is an integer from 1 on, not None"):
        trained(epochs=None)


@pytest.mark.parametrize("number", [0, -1, 2.0, True, "3"])
def test_a_batch_size_that_is_no_number_of_samples_is_refused(number):
    with pytest.raises(ValueError, match=f"batch_size is an integer from 1 on, not {number!r}"):
        trained(batch_size=number)


@pytest.mark.parametrize("loss", [lambda output, y: (output.data - y) ** 2, lambda output, y: 0.0])
def test_a_loss_that_is_a_plain_number_is_refused_and_changes_nothing(loss):
    model = network()
    with pytest.raises(TypeError, match=r"the loss gave .*: it has to give a Value, computed from the model's output"):
        trained(model, loss)
    assert data(model) == data(network())


@pytest.mark.parametrize("wrong", [None, "0.5", [1.0]])
def test_a_loss_that_is_no_number_is_refused(wrong):
    with pytest.raises(TypeError, match=r"the loss gave .*: it has to give a Value"):
        trained(loss=lambda output, y: wrong)


@pytest.mark.parametrize("loss", [None, "mse", [1.0]])
def test_what_is_no_loss_is_refused(loss):
    with pytest.raises(TypeError, match="the loss is a function of outputs and targets"):
        trained(loss=loss)


def test_a_divergence_can_be_pickled():
    history = History()
    history.losses.append(1.0)
    error = pickle.loads(pickle.dumps(DivergenceError("epoch 2", history)))
    assert str(error) == "epoch 2" and error.history.losses == [1.0]


def test_a_model_without_parameters_is_refused():
    with pytest.raises(ValueError, match="the model has no parameters"):
        fit(Module(), hinge, [[1.0]], [1.0], epochs=1, optimizer=SGD(0.1))


def test_weights_that_are_not_finite_from_the_start_are_refused():
    model = MLP(1, [1])
    model.parameters()[0].data = math.nan
    with pytest.raises(ValueError, match="a weight of the model is nan before training"):
        fit(model, hinge, [[1.0]], [1.0], epochs=1, optimizer=SGD(0.1))


@pytest.mark.parametrize("model", [MLP, len])
def test_what_is_no_model_is_refused(model):
    with pytest.raises(TypeError, match="the model is a Module"):
        fit(model, hinge, [[1.0]], [1.0], epochs=1, optimizer=SGD(0.1))


@pytest.mark.parametrize("optimizer", [SGD, None, "sgd"])
def test_what_is_no_optimizer_is_refused(optimizer):
    with pytest.raises(TypeError, match=r"the optimizer is such as SGD\(0\.1\)"):
        fit(MLP(1, [1]), hinge, [[1.0]], [1.0], epochs=1, optimizer=optimizer)


def test_a_label_is_not_taken_for_a_cause():
    def loss(output, y):
        return log(Value(-1.0, "a weight of mine")) + output

    with pytest.raises(DivergenceError, match="The weights are of ordinary size"):
        fit(MLP(1, [1], rng=random.Random(0)), loss, [[1.0]], [1.0], epochs=1, optimizer=SGD(0.1))


# Compiled


@pytest.mark.parametrize("batch_size", [None, 2, 3])
@pytest.mark.parametrize("optimizer", [lambda: SGD(0.05, momentum=0.9), lambda: Adam(0.01)])
def test_training_compiled_is_the_same_training(batch_size, optimizer):
    pytest.importorskip("numpy")
    eager, one = trained(optimizer=optimizer(), batch_size=batch_size, epochs=5)
    compiled, other = trained(optimizer=optimizer(), batch_size=batch_size, epochs=5, compile=True)
    assert data(compiled) == pytest.approx(data(eager), rel=1e-12, abs=1e-12)
    assert other.losses == pytest.approx(one.losses, rel=1e-12) and repr(other) == repr(one)


def test_a_class_by_its_number_is_a_target_of_compiled_training_too():
    models = [MLP(2, [3, 3], "tanh", rng=random.Random(1)) for _ in range(2)]
    for model, compiled in zip(models, (False, True), strict=True):
        samples = [[0.5, 1], [1, -0.5], [0.25, 0]], [0, 2, 1]
        loss, optimizer = categorical_cross_entropy_with_logits, SGD(0.1)
        fit(model, loss, *samples, epochs=5, optimizer=optimizer, compile=compiled)
    assert data(models[1]) == pytest.approx(data(models[0]), rel=1e-12)


def test_compiled_training_that_diverges_names_the_epoch_and_keeps_the_last_finite_weights():
    model = network()
    with pytest.raises(DivergenceError, match=r"^epoch \d+, batch 1: .*try a learning rate below 1e\+200") as caught:
        fit(model, sum_of_squares, INPUTS, TARGETS, epochs=9, optimizer=SGD(1e200), compile=True)
    assert all(map(math.isfinite, data(model))) and caught.value.history.losses


def test_ctrl_c_ends_compiled_training_with_what_was_learned(monkeypatch):
    tqdm = pytest.importorskip("tqdm")
    monkeypatch.setattr(tqdm.tqdm, "update", calls_until(2, KeyboardInterrupt(), lambda bar, n: None))
    stopped, history = trained(epochs=10, compile=True)
    assert history.interrupted and len(history.losses) == 2
    assert data(stopped) == pytest.approx(data(trained(epochs=2)[0]), rel=1e-12)


@pytest.mark.parametrize("wish", ["llvm", 1, None])
def test_whether_to_compile_is_a_truth_value(wish):
    with pytest.raises(TypeError, match="compile is True or False"):
        trained(compile=wish)
