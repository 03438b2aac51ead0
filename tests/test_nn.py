"""Modules know their parameters, and neurons, layers and MLPs compute what they say and refuse what they cannot."""

import copy
import functools
import pickle
import random
from math import inf, nan, sqrt

import numpy as np
import pytest

from micrograd_like import MLP, Layer, Module, Neuron, Value, functions, leaky_relu, tanh
from micrograd_like.nn import ACTIVATIONS, INITS


class Holder(Module):
    """A module with the attributes that it is given."""

    def __init__(self, **attributes):
        vars(self).update(attributes)


class Slope(Module):
    """An activation with a parameter of its own."""

    def __init__(self):
        self.slope = Value(0.5)

    def __call__(self, x):
        return self.slope * x


class Draws:
    """Random numbers that remember the bounds they were drawn between."""

    def __init__(self):
        self.bounds = []

    def uniform(self, low, high):
        self.bounds.append((low, high))
        return float(len(self.bounds))


def paths(module):
    return [path for path, _ in module.named_parameters()]


def data(module):
    return [p.data for p in module.parameters()]


# Modules


def test_paths_lead_to_the_parameters_in_micrograds_order():
    model = MLP(2, [2, 1])
    assert paths(model) == [
        "layers.0.neurons.0.w.0", "layers.0.neurons.0.w.1", "layers.0.neurons.0.b",
        "layers.0.neurons.1.w.0", "layers.0.neurons.1.w.1", "layers.0.neurons.1.b",
        "layers.1.neurons.0.w.0", "layers.1.neurons.0.w.1", "layers.1.neurons.0.b",
    ]
    neuron = model.layers[0].neurons[1]
    assert dict(model.named_parameters())["layers.0.neurons.1.w.1"] is neuron.w[1]


def test_parameters_are_found_in_containers_and_modules_inside_each_other():
    a, b, c, d = (Value(float(i)) for i in range(4))
    module = Holder(by_name={"first": a}, pair=(b, [c]), inner=Holder(deep=[{"last": Holder(d=d)}]))
    assert dict(module.named_parameters()) == {
        "by_name.first": a, "pair.0": b, "pair.1.0": c, "inner.deep.0.last.d": d,
    }


def test_parameters_are_found_in_object_arrays():
    matrix = np.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]])
    module = Holder(matrix=matrix)
    assert paths(module) == ["matrix.0.0", "matrix.0.1", "matrix.1.0", "matrix.1.1"]
    assert module.parameters() == matrix.ravel().tolist()


def test_modules_are_found_in_object_arrays():
    modules = np.empty(2, dtype=object)
    modules[:] = Neuron(1), Neuron(1)
    assert paths(Holder(modules=modules)) == ["modules.0.w.0", "modules.0.b", "modules.1.w.0", "modules.1.b"]


def test_a_shared_parameter_is_listed_once_under_its_first_path():
    shared = Value(1.0)
    assert paths(Holder(first=[shared], second={"again": shared}, third=Value(1.0))) == ["first.0", "third"]


def test_a_shared_module_is_listed_once():
    layer = Layer(2, 2)
    assert Holder(a=layer, b=[layer]).parameters() == layer.parameters()


def test_results_of_operations_are_no_parameters():
    w = Value(2.0)
    assert Holder(w=w, double=2 * w, cache=[w.tanh()]).parameters() == [w]


def test_what_holds_no_values_has_no_parameters():
    assert Holder(name="w", size=3, table=np.eye(2), nothing=None, function=tanh).parameters() == []


def test_a_module_that_contains_itself_is_read_once():
    module, ring = Holder(w=Value(1.0)), []
    ring.append(ring)
    module.me, module.ring, module.inner = module, ring, Holder(outer=module, v=Value(2.0))
    assert paths(module) == ["w", "inner.v"]


@pytest.mark.parametrize("gradient", [7.0, inf, nan])
def test_zero_grad_clears_every_gradient_and_nothing_else(gradient):
    model = MLP(2, [2, 1])
    for p in model.parameters():
        p.grad = gradient
    before = data(model)
    model.zero_grad()
    assert [p.grad for p in model.parameters()] == [0] * 9
    assert data(model) == before


# Copies


def test_a_deep_copy_computes_the_same_and_shares_nothing():
    model = MLP(2, [3, 1], activation="tanh")
    twin = copy.deepcopy(model)
    before = model([0.3, -0.7]).data
    assert twin([0.3, -0.7]).data == before
    for p in twin.parameters():
        p.data += 1.0
    assert model([0.3, -0.7]).data == before


def test_a_deep_copy_keeps_labels_gradients_and_sharing():
    shared = Value(2.0, "shared")
    shared.grad = 3.0
    twin = copy.deepcopy(Holder(a=shared, b=[shared]))
    assert twin.a is twin.b[0] is not shared
    assert (twin.a.label, twin.a.data, twin.a.grad) == ("shared", 2.0, 3.0)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_pickled_model_computes_the_same(activation):
    model = MLP(2, [3, 2], activation=activation, output=activation)
    twin = pickle.loads(pickle.dumps(model))
    assert [y.data for y in twin([0.3, -0.7])] == [y.data for y in model([0.3, -0.7])]
    assert paths(twin) == paths(model)
    assert repr(twin) == repr(model)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, pickle.dumps])
def test_a_model_that_keeps_a_result_is_not_copied_and_says_why(duplicate):
    model = Holder(w=Value(1.0))
    model.last = model.w * 2
    with pytest.raises(RuntimeError, match=r"only leaves can be copied or pickled, not the result of '\*'"):
        duplicate(model)


# Neurons, layers, MLPs


def test_a_neuron_is_its_activation_of_the_weighted_sum():
    neuron = Neuron(2, activation="tanh")
    neuron.w[0].data, neuron.w[1].data, neuron.b.data = 0.5, -2.0, 0.25
    assert neuron([3.0, 1.0]).data == np.tanh(0.5 * 3.0 - 2.0 * 1.0 + 0.25)


def test_biases_are_zero_at_first():
    assert [n.b.data for layer in MLP(2, [3, 2]).layers for n in layer.neurons] == [0.0] * 5


def test_nonlin_false_says_linear():
    assert Neuron(2, nonlin=False).activation is Neuron(2, activation="linear").activation


def test_a_layer_lists_its_neurons_outputs():
    layer = Layer(2, 3)
    assert [y.data for y in layer([1.0, 2.0])] == [neuron([1.0, 2.0]).data for neuron in layer.neurons]


def test_an_mlp_feeds_each_layer_with_the_one_before():
    model = MLP(2, [3, 2], activation="sin", output="tanh")
    first, second = model.layers
    assert [y.data for y in model([1.0, 2.0])] == [y.data for y in second(first([1.0, 2.0]))]


def test_an_mlp_ends_linear_unless_told():
    model = MLP(2, [2, 2, 1])
    assert [layer.neurons[0].activation.__name__ for layer in model.layers] == ["relu", "relu", "linear"]


@pytest.mark.parametrize("sizes", [[1, 1], [1, 3, 1], [1, 1, 2]])
def test_hidden_layers_may_have_one_neuron(sizes):
    outputs = MLP(2, sizes, output="tanh")([1.0, 2.0])
    assert len(outputs if isinstance(outputs, list) else [outputs]) == sizes[-1]


def test_sizes_may_be_a_tuple():
    assert repr(MLP(2, (2, 1))) == repr(MLP(2, [2, 1]))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_name_chooses_the_activation(name):
    neuron = Neuron(1, activation=name)
    neuron.w[0].data = 1.0
    expected = -0.5 if name == "linear" else getattr(functions, name)(-0.5)
    assert neuron([-0.5]).data == expected


def test_any_function_of_a_value_is_an_activation():
    model = MLP(1, [1, 1], activation=lambda x: x * 3, output=lambda x: x + 1)
    (a, b), x = (layer.neurons[0].w[0].data for layer in model.layers), 0.7
    assert model([x]).data == b * (a * x * 3) + 1


def test_a_module_as_activation_gives_its_parameters_once():
    slope = Slope()
    layer = Layer(2, 2, activation=slope)
    assert layer.parameters().count(slope.slope) == 1
    assert len(layer.parameters()) == 7


@pytest.mark.parametrize("activation", [functools.partial(leaky_relu, negative_slope=0.2), Slope()])
def test_an_activation_without_a_name_can_be_printed(activation):
    assert "Neuron(2)" in repr(Neuron(2, activation=activation))


def test_printing_names_the_activations():
    assert repr(MLP(2, [2, 1], "tanh", "sigmoid")) == (
        "MLP of [Layer of [TanhNeuron(2), TanhNeuron(2)], Layer of [SigmoidNeuron(2)]]"
    )


@pytest.mark.parametrize(
    ("activation", "printed"), [("relu", "ReLU"), ("linear", "Linear"), ("leaky_relu", "Leaky_relu"), ("tanh", "Tanh")]
)
def test_a_neuron_prints_its_activation_and_how_many_inputs_it_has(activation, printed):
    assert repr(Neuron(3, activation=activation)) == f"{printed}Neuron(3)"


# Initial weights


@pytest.mark.parametrize(
    ("init", "bounds"),
    [("uniform", (1.0, 1.0)), ("xavier", (sqrt(6 / (3 + 4)), sqrt(6 / (4 + 2)))), ("he", (sqrt(6 / 3), sqrt(6 / 4)))],
)
def test_weights_are_drawn_from_the_inits_bounds_neuron_by_neuron(init, bounds):
    draws = Draws()
    model = MLP(3, [4, 2], init=init, rng=draws)
    first, second = bounds
    assert draws.bounds == [(-first, first)] * 12 + [(-second, second)] * 8
    weights = [w.data for layer in model.layers for neuron in layer.neurons for w in neuron.w]
    assert weights == [float(i) for i in range(1, 21)]


def test_a_neuron_alone_is_a_layer_of_one_to_xavier():
    draws = Draws()
    Neuron(3, init="xavier", rng=draws)
    assert draws.bounds == [(-sqrt(6 / (3 + 1)), sqrt(6 / (3 + 1)))] * 3


@pytest.mark.parametrize("init", INITS)
def test_weights_keep_within_the_bound(init):
    bound = INITS[init](2, 50)
    weights = [w.data for neuron in Layer(2, 50, init=init, rng=random.Random(0)).neurons for w in neuron.w]
    assert max(map(abs, weights)) <= bound
    assert min(weights) < -0.9 * bound and max(weights) > 0.9 * bound


def test_weights_are_drawn_by_the_random_module_unless_told():
    random.seed(3)
    expected = [random.uniform(-1, 1) for _ in range(4)]
    random.seed(3)
    assert [w.data for neuron in Layer(2, 2).neurons for w in neuron.w] == expected


def test_a_generator_of_ones_own_leaves_the_random_module_alone():
    before = random.getstate()
    assert data(MLP(2, [3, 1], rng=random.Random(5))) == data(MLP(2, [3, 1], rng=random.Random(5)))
    assert random.getstate() == before


def test_numpys_seed_one_gives_the_weights_of_document_001():
    expected = 2 * np.random.RandomState(1).random_sample(3) - 1
    neuron = Neuron(3, activation="sigmoid", rng=np.random.RandomState(1))
    assert [w.data for w in neuron.w] == expected.tolist()


def test_weights_drawn_by_numpy_are_floats():
    assert {type(x) for x in data(Neuron(3, rng=np.random.default_rng(0)))} == {float}


# Inputs


def test_rows_of_numpy_count_as_lists():
    model = MLP(3, [4, 1])
    assert model(np.array([1.5, -2.0, 0.25])).data == model([1.5, -2.0, 0.25]).data
    assert model(np.array([1, -2, 3])).data == model([1, -2, 3]).data


def test_inputs_may_be_values_and_receive_gradients():
    x = Value(0.5)
    neuron = Neuron(2, activation="linear")
    neuron([x, 1.0]).backward()
    assert x.grad == neuron.w[0].data


def test_a_generator_of_inputs_reaches_every_neuron():
    layer = Layer(2, 3)
    assert [y.data for y in layer(x for x in (1.0, 2.0))] == [y.data for y in layer([1.0, 2.0])]


def test_a_layer_takes_hundreds_of_inputs():
    layer = Layer(784, 1, activation="linear")
    assert layer([1.0] * 784).data == pytest.approx(sum(w.data for w in layer.neurons[0].w))


@pytest.mark.parametrize("inputs", [[], [1.0], [1.0, 2.0, 3.0], np.zeros(4)])
@pytest.mark.parametrize("model", [Layer(2, 3), MLP(2, [3, 1])])
def test_a_wrong_number_of_inputs_is_refused_with_both_numbers(model, inputs):
    with pytest.raises(ValueError, match=f"a layer with 2 inputs got {len(inputs)}"):
        model(inputs)


def test_a_wrong_number_of_inputs_of_a_neuron_is_refused_with_both_numbers():
    with pytest.raises(ValueError, match="not 3 for 2 weights"):
        Neuron(2)([1.0, 2.0, 3.0])


@pytest.mark.parametrize("x", [1.0, Value(1.0), None])
def test_an_input_that_is_no_sequence_is_refused(x):
    with pytest.raises(TypeError, match=f"such as \\[x\\], not {type(x).__name__}"):
        MLP(1, [1])(x)


@pytest.mark.parametrize("inputs", [["1", 2.0], "ab", [None, 1.0], [1j, 1.0]])
def test_inputs_that_are_no_numbers_are_refused(inputs):
    with pytest.raises(TypeError, match="a real number is wanted, not"):
        MLP(2, [1])(inputs)


def test_a_table_in_place_of_a_row_is_refused():
    with pytest.raises(TypeError, match="an array is no operand among Values"):
        MLP(2, [1])(np.ones((2, 2)))


# Sizes and names

NO_SIZES = [0, -1, 2.0, True, "2", None]


@pytest.mark.parametrize("size", NO_SIZES)
@pytest.mark.parametrize("build", [Neuron, lambda size: Layer(size, 2), lambda size: MLP(size, [2, 1])])
def test_a_number_of_inputs_that_is_none_is_refused(build, size):
    with pytest.raises(ValueError, match=f"the number of inputs is an integer from 1 on, not {size!r}"):
        build(size)


@pytest.mark.parametrize("size", NO_SIZES)
@pytest.mark.parametrize("build", [lambda n: Layer(2, n), lambda n: MLP(2, [n, 1]), lambda n: MLP(2, [2, n])])
def test_a_number_of_neurons_that_is_none_is_refused(build, size):
    with pytest.raises(ValueError, match=f"the number of neurons of a layer is an integer from 1 on, not {size!r}"):
        build(size)


@pytest.mark.parametrize("sizes", [[], (), 3, None, {4, 1}])
def test_sizes_that_are_no_list_are_refused(sizes):
    with pytest.raises(ValueError, match=r"nouts lists .* of each layer, such as \[16, 16, 1\], not"):
        MLP(2, sizes)


@pytest.mark.parametrize("name", ["selu", "ReLU", "", None, 3, ["relu", "tanh"]])
@pytest.mark.parametrize(
    "build",
    [
        lambda name: Neuron(2, activation=name),
        lambda name: MLP(2, [2, 1], activation=name),
        lambda name: MLP(2, [2, 1], output=name),
    ],
)
def test_an_unknown_activation_is_refused_with_the_choice(build, name):
    with pytest.raises(ValueError, match=r"unknown activation .*: choose from linear, relu, leaky_relu, gelu"):
        build(name)


@pytest.mark.parametrize("name", ["zeros", None, ["he", "xavier"]])
def test_an_unknown_init_is_refused_with_the_choice(name):
    with pytest.raises(ValueError, match=r"unknown init .*: choose from uniform, xavier, he"):
        MLP(2, [2, 1], init=name)


def test_modules_that_share_parts_are_read_in_no_time():
    module = Holder(w=Value(1.0))
    for _ in range(60):
        module = Holder(first=module, second=module)
    assert len(module.parameters()) == 1


def test_sizes_may_be_numpy_s_integers():
    assert len(MLP(np.int64(2), [np.int64(3), 1]).parameters()) == 13
