"""The documents' tables say what the documents say, and the data sets are what their descriptions are."""

import math
import sys
from itertools import product

import numpy as np
import pytest

from micrograd_like import Layer
from micrograd_like.datasets import (
    EXCLUSIVE_OR,
    MAJORITY,
    NEURON,
    PERCEPTRON,
    PERCEPTRON_PREDICTIONS,
    digits,
    moons,
)


def test_majority_is_the_more_frequent_bit_of_every_row():
    inputs, targets = MAJORITY
    assert inputs == [list(bits) for bits in product((0, 1), repeat=3)]
    assert targets == [int(sum(row) > 1) for row in inputs]


def test_exclusive_or_is_one_where_the_bits_differ():
    inputs, targets = EXCLUSIVE_OR
    assert inputs == [list(bits) for bits in product((0, 1), repeat=2)]
    assert targets == [a ^ b for a, b in inputs]


def test_the_table_of_document_001_has_its_first_feature_as_target():
    inputs, targets = PERCEPTRON
    assert inputs == [[0, 1, 0], [1, 0, 0], [1, 1, 1], [0, 1, 1]]
    assert targets == [row[0] for row in inputs]


def test_the_predictions_of_document_001_are_those_of_its_weights_to_eight_digits():
    weights = 2 * np.random.RandomState(1).random_sample(3) - 1
    predictions = [1 / (1 + math.exp(-np.dot(row, weights))) for row in PERCEPTRON[0]]
    assert [round(p, 8) for p in predictions] == PERCEPTRON_PREDICTIONS


def test_a_layer_of_numpys_random_numbers_predicts_what_document_001_prints():
    layer = Layer(3, 1, activation="sigmoid", rng=np.random.RandomState(1))
    assert [round(layer(row).data, 8) for row in PERCEPTRON[0]] == PERCEPTRON_PREDICTIONS


def test_the_neuron_of_document_004_gives_4_8():
    inputs, weights, bias = NEURON
    assert sum(w * x for w, x in zip(weights, inputs, strict=True)) + bias == pytest.approx(4.8, rel=1e-15)


def test_digits_are_1797_images_of_8_by_8_pixels_from_0_to_1():
    images, _ = digits()
    pixels = np.array(images)
    assert pixels.shape == (1797, 8, 8)
    assert (pixels.min(), pixels.max()) == (0.0, 1.0)


def test_every_digit_is_shown_and_named():
    images, names = digits()
    assert len(names) == len(images)
    assert set(names) == set(range(10))


def test_moons_are_100_points_in_two_equal_classes():
    inputs, targets = moons()
    assert np.array(inputs).shape == (100, 2)
    assert np.abs(inputs).max() < 3
    assert sorted(targets) == [-1] * 50 + [1] * 50


def test_moons_are_the_same_every_time():
    assert moons() == moons()


def test_data_sets_are_plain_numbers():
    (images, names), (points, classes) = digits(), moons()
    assert {type(x) for x in (images[0][0][0], points[0][0])} == {float}
    assert {type(x) for x in (*names, *classes)} == {int}


@pytest.mark.parametrize("load", [digits, moons])
def test_a_missing_scikit_learn_is_told_with_the_command_that_installs_it(monkeypatch, load):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match='needs sklearn: pip install scikit-learn, which is in the extra "demos"'):
        load()
