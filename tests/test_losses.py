"""Losses have the values and gradients of their formulas, and refuse targets that they are not made for."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_like import (
    Value,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    categorical_cross_entropy,
    categorical_cross_entropy_with_logits,
    hinge,
    mean_squared_error,
    sigmoid,
    softmax,
    sum_of_squares,
)
from micrograd_like.engine import topological_order

PAIRED = [sum_of_squares, mean_squared_error, binary_cross_entropy, binary_cross_entropy_with_logits, hinge]
BINARY = [binary_cross_entropy, binary_cross_entropy_with_logits]
CATEGORICAL = [categorical_cross_entropy, categorical_cross_entropy_with_logits]

everyday = settings(deadline=None, max_examples=60)

NUMBERS = st.floats(-30, 30)
PROBABILITIES = st.floats(1e-6, 1 - 1e-6)
SHARES = st.sampled_from([0, 1]) | st.floats(0, 1)
SIGNS = st.sampled_from([-1, 1])


def lists(*elements):
    """Return lists of tuples of these elements."""
    return st.lists(st.tuples(*elements), min_size=1, max_size=5)


def evaluated(loss, outputs, targets):
    """Return the loss of outputs that are leaves, and its gradient by each of them."""
    leaves = [Value(x) for x in outputs]
    result = loss(leaves, targets)
    result.backward()
    return result.data, [leaf.grad for leaf in leaves]


def close(x, **tolerance):
    return pytest.approx(x, **({"rel": 1e-12, "abs": 1e-15} | tolerance))


# Values and gradients


@everyday
@given(lists(NUMBERS, NUMBERS))
def test_sum_of_squares_is_its_formula(pairs):
    outputs, targets = zip(*pairs, strict=True)
    value, gradient = evaluated(sum_of_squares, outputs, targets)
    assert value == close(math.fsum((x - y) ** 2 for x, y in pairs))
    assert gradient == close([2 * (x - y) for x, y in pairs])


@everyday
@given(lists(NUMBERS, NUMBERS))
def test_mean_squared_error_is_its_formula(pairs):
    outputs, targets = zip(*pairs, strict=True)
    value, gradient = evaluated(mean_squared_error, outputs, targets)
    assert value == close(math.fsum((x - y) ** 2 for x, y in pairs) / len(pairs))
    assert gradient == close([2 * (x - y) / len(pairs) for x, y in pairs])


@everyday
@given(lists(PROBABILITIES, SHARES))
def test_binary_cross_entropy_is_its_formula(pairs):
    probabilities, targets = zip(*pairs, strict=True)
    value, gradient = evaluated(binary_cross_entropy, probabilities, targets)
    with mpmath.workdps(40):
        terms = [-y * mpmath.log(p) - (1 - y) * mpmath.log(1 - mpmath.mpf(p)) for p, y in pairs]
        slopes = [(-y / mpmath.mpf(p) + (1 - y) / (1 - mpmath.mpf(p))) / len(pairs) for p, y in pairs]
        scale = [float((1 / mpmath.mpf(p) + 1 / (1 - mpmath.mpf(p))) * 1e-15) for p, _ in pairs]
    assert value == close(float(sum(terms) / len(pairs)))
    assert all(abs(g - slope) <= bound for g, slope, bound in zip(gradient, slopes, scale, strict=True))


@everyday
@given(lists(st.floats(-700, 700), SHARES))
def test_binary_cross_entropy_with_logits_is_its_formula(pairs):
    logits, targets = zip(*pairs, strict=True)
    value, gradient = evaluated(binary_cross_entropy_with_logits, logits, targets)
    with mpmath.workdps(700):
        p = [1 / (1 + mpmath.exp(-mpmath.mpf(z))) for z in logits]
        terms = [-y * mpmath.log(q) - (1 - y) * mpmath.log(1 - q) for q, y in zip(p, targets, strict=True)]
        expected, slopes = sum(terms) / len(p), [(q - y) / len(p) for q, y in zip(p, targets, strict=True)]
    assert value == close(float(expected), abs=0)
    assert gradient == close([float(slope) for slope in slopes])


@everyday
@given(st.lists(NUMBERS, min_size=1, max_size=6), st.data())
def test_categorical_cross_entropy_with_logits_is_its_formula(logits, data):
    right = data.draw(st.integers(0, len(logits) - 1))
    value, gradient = evaluated(categorical_cross_entropy_with_logits, logits, right)
    with mpmath.workdps(60):
        exponentials = [mpmath.exp(z) for z in logits]
        p = [e / sum(exponentials) for e in exponentials]
        expected, p[right] = -mpmath.log(p[right]), p[right] - 1
    assert value == close(float(expected), rel=1e-13, abs=0)
    assert gradient == close([float(slope) for slope in p])


@everyday
@given(st.lists(PROBABILITIES, min_size=1, max_size=6), st.data())
def test_categorical_cross_entropy_is_its_formula(probabilities, data):
    right = data.draw(st.integers(0, len(probabilities) - 1))
    value, gradient = evaluated(categorical_cross_entropy, probabilities, right)
    expected = [-1 / p if k == right else 0 for k, p in enumerate(probabilities)]
    assert value == close(-math.log(probabilities[right]))
    assert gradient == close(expected)


@everyday
@given(lists(NUMBERS, SIGNS))
def test_hinge_is_its_formula(pairs):
    scores, targets = zip(*pairs, strict=True)
    value, gradient = evaluated(hinge, scores, targets)
    assert value == close(math.fsum(max(0.0, 1 - y * s) for s, y in pairs) / len(pairs))
    assert gradient == close([-y / len(pairs) if y * s < 1 else 0 for s, y in pairs])


def test_hinge_has_no_slope_at_its_kink():
    assert evaluated(hinge, [1.0, -1.0], [1, -1]) == (0.0, [0, 0])


@pytest.mark.parametrize("loss", CATEGORICAL)
@pytest.mark.parametrize("right", [0, 1, 2])
def test_a_class_and_its_one_hot_row_are_the_same_target(loss, right):
    outputs, row = [0.2, 0.5, 0.3], [int(k == right) for k in range(3)]
    assert evaluated(loss, outputs, row) == evaluated(loss, outputs, right)


@pytest.mark.parametrize("loss", CATEGORICAL)
def test_a_soft_target_is_the_weighted_mean_of_the_classes(loss):
    outputs, shares = [0.2, 0.5, 0.3], [0.25, 0.75, 0]
    parts = [evaluated(loss, outputs, k) for k in (0, 1)]
    value, gradient = evaluated(loss, outputs, shares)
    assert value == close(0.25 * parts[0][0] + 0.75 * parts[1][0])
    assert gradient == close([0.25 * a + 0.75 * b for a, b in zip(parts[0][1], parts[1][1], strict=True)])


@pytest.mark.parametrize(
    ("loss", "output", "target", "expected"),
    [
        (sum_of_squares, 3.0, 1, 4.0),
        (mean_squared_error, 3.0, 1, 4.0),
        (binary_cross_entropy, 0.25, 1, -math.log(0.25)),
        (binary_cross_entropy_with_logits, 0.0, 0, math.log(2)),
        (hinge, 0.25, -1, 1.25),
    ],
)
def test_one_output_and_a_row_of_one_are_the_same(loss, output, target, expected):
    assert loss(Value(output), target).data == loss([Value(output)], [target]).data == close(expected)


@pytest.mark.parametrize(
    ("loss", "operations"),
    [
        (sum_of_squares, {"-", "**"}),
        (mean_squared_error, {"-", "**"}),
        (binary_cross_entropy, {"log", "-"}),
        (binary_cross_entropy_with_logits, {"-", "softplus"}),
        (hinge, {"*", "-", "relu"}),
    ],
)
def test_the_loss_of_one_output_and_a_certain_target_is_one_term_unweighted(loss, operations):
    order = topological_order(loss(Value(0.5), 1))
    assert {node.operation for node in order if node.operation} == operations


@pytest.mark.parametrize("loss", PAIRED)
def test_a_loss_takes_hundreds_of_outputs(loss):
    assert loss([0.25] * 300, [1] * 300) == pytest.approx(loss(0.25, 1) * (300 if loss is sum_of_squares else 1))


@pytest.mark.parametrize("loss", PAIRED)
def test_targets_that_are_values_give_the_same_and_gradients_to_the_outputs(loss):
    plain = evaluated(loss, [0.25, 0.5], [1, 1])
    assert evaluated(loss, [0.25, 0.5], [Value(1.0), Value(1.0)]) == (close(plain[0]), close(plain[1]))


def test_a_soft_target_of_values_receives_its_gradient():
    shares = [Value(0.25), Value(0.75)]
    categorical_cross_entropy([0.2, 0.8], shares).backward()
    assert [y.grad for y in shares] == [-math.log(0.2), -math.log(0.8)]


# Second opinions


@pytest.mark.parametrize(
    ("loss", "torch_loss", "targets"),
    [
        (sum_of_squares, lambda f, x, y: f.mse_loss(x, y, reduction="sum"), [0.5, -1.0, 2.0]),
        (mean_squared_error, lambda f, x, y: f.mse_loss(x, y), [0.5, -1.0, 2.0]),
        (binary_cross_entropy, lambda f, x, y: f.binary_cross_entropy(x, y), [1.0, 0.0, 0.3]),
        (binary_cross_entropy_with_logits, lambda f, x, y: f.binary_cross_entropy_with_logits(x, y), [1.0, 0.0, 0.3]),
        (categorical_cross_entropy, lambda f, x, y: -(y * x.log()).sum(), [0.125, 0.25, 0.625]),
        (categorical_cross_entropy_with_logits, lambda f, x, y: f.cross_entropy(x, y), [0.125, 0.25, 0.625]),
        (hinge, lambda f, x, y: f.relu(1 - x * y).mean(), [1.0, -1.0, 1.0]),
    ],
)
@pytest.mark.parametrize("outputs", [[0.2, 0.7, 0.1], [1e-9, 0.999, 0.5]])
def test_value_and_gradient_are_pytorchs(loss, torch_loss, targets, outputs):
    torch = pytest.importorskip("torch")
    x = torch.tensor(outputs, dtype=torch.float64, requires_grad=True)
    expected = torch_loss(torch.nn.functional, x, torch.tensor(targets, dtype=torch.float64))
    expected.backward()
    value, gradient = evaluated(loss, outputs, targets)
    assert value == close(expected.item())
    assert gradient == close(x.grad.tolist())


@everyday
@given(lists(st.floats(-15, 15), SHARES))
def test_binary_cross_entropy_of_probabilities_and_of_logits_agree(pairs):
    logits, targets = zip(*pairs, strict=True)
    of_logits = evaluated(binary_cross_entropy_with_logits, logits, targets)
    value, gradient = evaluated(lambda z, y: binary_cross_entropy(map(sigmoid, z), y), logits, targets)
    assert value == close(of_logits[0], rel=1e-9)
    assert gradient == close(of_logits[1], rel=1e-9, abs=1e-9)


@everyday
@given(st.lists(st.floats(-15, 15), min_size=1, max_size=6), st.data())
def test_categorical_cross_entropy_of_probabilities_and_of_logits_agree(logits, data):
    right = data.draw(st.integers(0, len(logits) - 1))
    of_logits = evaluated(categorical_cross_entropy_with_logits, logits, right)
    value, gradient = evaluated(lambda z, k: categorical_cross_entropy(softmax(z), k), logits, right)
    assert value == close(of_logits[0], rel=1e-9)
    assert gradient == close(of_logits[1], rel=1e-9)


# Extremes


@pytest.mark.parametrize(
    ("logit", "target", "value", "slope"),
    [(1000.0, 1, 0.0, 0.0), (1000.0, 0, 1000.0, 1.0), (-1000.0, 1, 1000.0, -1.0), (-1000.0, 0, 0.0, 0.0)],
)
def test_binary_cross_entropy_of_extreme_logits_is_exact(logit, target, value, slope):
    assert evaluated(binary_cross_entropy_with_logits, [logit], [target]) == (value, [slope])


@pytest.mark.parametrize(
    ("right", "value", "gradient"), [(0, 0.0, [0.0, 0.0, 0.0]), (1, 1000.0, [1, -1, 0]), (2, 2000.0, [1, 0, -1])]
)
def test_categorical_cross_entropy_of_extreme_logits_is_exact(right, value, gradient):
    assert evaluated(categorical_cross_entropy_with_logits, [1000.0, 0.0, -1000.0], right) == (value, gradient)


def test_small_losses_keep_their_digits():
    assert binary_cross_entropy_with_logits(40.0, 1) == close(math.exp(-40), abs=0)
    assert categorical_cross_entropy_with_logits([40.0, 0.0], 0) == close(math.exp(-40), abs=0)
    assert binary_cross_entropy(1e-20, 0) == close(1e-20, abs=0)


@pytest.mark.parametrize("target", [0, 1, 0.0, 1.0, np.int64(0), np.float32(1), np.bool_(False), np.bool_(True)])
def test_a_certain_and_right_probability_costs_nothing(target):
    value, gradient = evaluated(binary_cross_entropy, [float(target)], [target])
    assert value == 0.0
    assert math.isfinite(gradient[0])


@pytest.mark.parametrize("target", [0, [1, 0], [1.0, 0.0], np.array([1, 0])])
def test_classes_that_are_ruled_out_cost_nothing(target):
    assert evaluated(categorical_cross_entropy, [1.0, 0.0], target) == (0.0, [-1.0, 0])


@pytest.mark.parametrize(("probability", "target"), [(0.0, 1), (1.0, 0), (0.0, 0.5), (1.0, 0.5)])
def test_a_probability_without_a_logarithm_is_refused(probability, target):
    with pytest.raises(ValueError, match=r"log(1p)?\(.*\): a number above -?[01] is wanted"):
        binary_cross_entropy(Value(probability), target)


def test_a_class_of_probability_zero_is_refused_as_the_right_one():
    with pytest.raises(ValueError, match=r"log\(0\.0\): a number above 0 is wanted"):
        categorical_cross_entropy([Value(1.0), Value(0.0)], 1)


# Targets that are refused


@pytest.mark.parametrize("loss", PAIRED)
@pytest.mark.parametrize(
    ("outputs", "targets"), [([0.5], [1, 1]), ([0.5, 0.5], [1]), ([0.5, 0.5], 1), (0.5, [1, 1]), ([0.5], [])]
)
def test_different_numbers_of_outputs_and_targets_are_refused(loss, outputs, targets):
    of_targets, of_outputs = np.size(targets), np.size(outputs)
    with pytest.raises(ValueError, match=f"one target for each output, not {of_targets} for {of_outputs}"):
        loss(outputs, targets)


@pytest.mark.parametrize("loss", PAIRED)
def test_no_outputs_are_refused(loss):
    with pytest.raises(ValueError, match="one target for each output, not 0 for 0"):
        loss([], [])


@pytest.mark.parametrize("loss", BINARY)
@pytest.mark.parametrize("target", [-1, 2, 1.0000001, -0.25, math.nan, math.inf, np.int64(-1), Fraction(3, 2)])
def test_a_target_of_cross_entropy_outside_zero_to_one_is_refused(loss, target):
    with pytest.raises(ValueError, match=f"a target of cross-entropy is a probability from 0 to 1, not {target}"):
        loss([Value(0.5), Value(0.5)], [1, target])


@pytest.mark.parametrize("target", [0, 0.5, 2, -1.5, math.nan, False, np.int64(0), np.bool_(False)])
def test_a_target_of_hinge_other_than_a_sign_is_refused(target):
    with pytest.raises(ValueError, match="a target of hinge is -1 or 1, not"):
        hinge([Value(0.5), Value(0.5)], [1, target])


@pytest.mark.parametrize("loss", CATEGORICAL)
@pytest.mark.parametrize("target", [-1, 3, 10**30, np.int64(-1), np.uint8(200)])
def test_a_class_that_does_not_exist_is_refused(loss, target):
    with pytest.raises(ValueError, match=f"there is no class {target}: with 3 outputs they are 0 to 2"):
        loss([Value(0.2), Value(0.5), Value(0.3)], target)


@pytest.mark.parametrize("loss", CATEGORICAL)
@pytest.mark.parametrize("target", [1.0, None, Value(1.0)])
def test_a_class_that_is_no_integer_is_refused(loss, target):
    with pytest.raises(TypeError, match="a target is the integer of a class, or a probability for each"):
        loss([Value(0.2), Value(0.8)], target)


@pytest.mark.parametrize("loss", CATEGORICAL)
@pytest.mark.parametrize("target", [[0, 0], [1, 1], [0.5, 0.4], np.array([0.3, 0.3])])
def test_a_soft_target_that_does_not_add_to_one_is_refused(loss, target):
    with pytest.raises(ValueError, match=r"the targets of the classes add up to .*, not to 1"):
        loss([Value(0.2), Value(0.8)], target)


@pytest.mark.parametrize("loss", CATEGORICAL)
@pytest.mark.parametrize("target", [[2, -1], [math.nan, 1]])
def test_a_soft_target_with_no_probability_is_refused(loss, target):
    with pytest.raises(ValueError, match="a target of cross-entropy is a probability from 0 to 1"):
        loss([Value(0.2), Value(0.8)], target)


@pytest.mark.parametrize("loss", CATEGORICAL)
def test_a_soft_target_of_another_length_is_refused(loss):
    with pytest.raises(ValueError, match="one target for each output, not 3 for 2"):
        loss([Value(0.2), Value(0.8)], [1, 0, 0])


@pytest.mark.parametrize("loss", CATEGORICAL)
def test_a_row_of_no_outputs_is_refused(loss):
    with pytest.raises(ValueError, match=r"no class|at least one"):
        loss([], 0)


@pytest.mark.parametrize("loss", PAIRED)
def test_a_target_that_is_no_number_is_refused(loss):
    with pytest.raises(TypeError):
        loss(Value(0.5), "1")


def test_a_soft_target_in_single_precision_is_accepted():
    shares = np.float32([0.1] * 10)
    value = categorical_cross_entropy_with_logits([Value(0.0)] * 10, shares).data
    assert value == pytest.approx(math.log(10), rel=1e-6)


# Kinds of number


@pytest.mark.parametrize("integer", [np.int64, np.int8, np.uint8, np.int32])
@pytest.mark.parametrize("loss", CATEGORICAL)
def test_numpy_integers_are_classes(loss, integer):
    outputs = [0.2, 0.5, 0.3]
    assert evaluated(loss, outputs, integer(2)) == evaluated(loss, outputs, 2)


@pytest.mark.parametrize("loss", PAIRED)
@pytest.mark.parametrize("kind", [np.int64, np.int8, np.float32, np.float64])
def test_numpy_targets_are_numbers(loss, kind):
    assert evaluated(loss, [0.25, 0.5], np.array([1, 1], dtype=kind)) == evaluated(loss, [0.25, 0.5], [1, 1])


@pytest.mark.parametrize("loss", BINARY)
def test_numpy_unsigned_targets_do_not_wrap_around(loss):
    assert evaluated(loss, [0.25, 0.5], np.array([0, 1], dtype=np.uint8)) == evaluated(loss, [0.25, 0.5], [0, 1])


@pytest.mark.parametrize("loss", [*PAIRED, *CATEGORICAL])
def test_plain_numbers_give_a_plain_number(loss):
    target = [1, 0] if loss is not hinge else [1, -1]
    result = loss([0.25, 0.75], target)
    assert type(result) is float
    assert result == evaluated(loss, [0.25, 0.75], target)[0]


@pytest.mark.parametrize("loss", PAIRED)
def test_a_column_gives_each_samples_loss_and_gradient(loss):
    columns, targets = np.array([[0.2, 0.9, 0.4], [0.7, 0.1, 0.6]]), np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    value, gradient = evaluated(loss, columns, [Value(column) for column in targets])
    for i in range(3):
        expected = evaluated(loss, columns[:, i].tolist(), targets[:, i].tolist())
        assert (value[i], [g[i] for g in gradient]) == (close(expected[0]), close(expected[1]))


@pytest.mark.parametrize("loss", CATEGORICAL)
def test_a_column_of_classes_gives_each_samples_loss_and_gradient(loss):
    columns, targets = np.array([[0.2, 0.9, 0.4], [0.8, 0.1, 0.6]]), np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5]])
    value, gradient = evaluated(loss, columns, [Value(column) for column in targets])
    for i in range(3):
        expected = evaluated(loss, columns[:, i].tolist(), targets[:, i].tolist())
        assert (value[i], [g[i] for g in gradient]) == (close(expected[0]), close(expected[1]))


@pytest.mark.parametrize(
    ("loss", "value", "gradient"),
    [
        (sum_of_squares, Fraction(25, 36), [Fraction(-4, 3), Fraction(-1)]),
        (mean_squared_error, Fraction(25, 72), [Fraction(-2, 3), Fraction(-1, 2)]),
        (hinge, Fraction(7, 12), [Fraction(-1, 2), Fraction(-1, 2)]),
    ],
)
def test_fractions_stay_exact(loss, value, gradient):
    result, slopes = evaluated(loss, [Fraction(1, 3), Fraction(1, 2)], [1, 1])
    assert isinstance(result, Fraction)
    assert (result, slopes) == (value, gradient)


@pytest.mark.parametrize("loss", [*PAIRED, *CATEGORICAL])
def test_mpmath_numbers_keep_their_precision(loss):
    target = [1, 0] if loss is not hinge else [1, -1]
    with mpmath.workdps(50):
        value, _ = evaluated(loss, [mpmath.mpf(1) / 3, mpmath.mpf(2) / 3], target)
        again, _ = evaluated(loss, [mpmath.mpf(1) / 3 + mpmath.mpf("1e-40"), mpmath.mpf(2) / 3], target)
    assert value != again
    assert float(value) == close(evaluated(loss, [1 / 3, 2 / 3], target)[0])


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: binary_cross_entropy(Value(1.5), 1),
        lambda: binary_cross_entropy(Value(-2.0), 0),
        lambda: binary_cross_entropy(Value(-0.5), 0),
        lambda: categorical_cross_entropy([Value(5.5), Value(0.5)], 0),
    ],
)
def test_what_is_no_probability_is_refused(attempt):
    with pytest.raises(ValueError, match="is no probability"):
        attempt()


def test_a_target_that_is_a_value_is_checked_too():
    with pytest.raises(ValueError, match="probability from 0 to 1"):
        binary_cross_entropy(Value(0.5), Value(2.0))


@pytest.mark.parametrize("loss", CATEGORICAL)
def test_a_single_output_has_no_classes(loss):
    with pytest.raises(TypeError, match="an output for each class, not a single output"):
        loss(Value(0.5), 0)
