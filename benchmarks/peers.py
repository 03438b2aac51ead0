"""The engines that compiled.py times beside this one: the same gradient and the same training step in each of them.

Each is written as its users would who want it fast: with batched matrices, in double precision and on one thread.
Parameters are a list in the order of `MLP.parameters()`: of each layer, of each neuron, its weights and then its bias.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

SIZES = [2, 16, 16, 1]
RATE = 0.1
FOLDER = "MICROGRAD_LIKE_BENCHMARK"  # the variable with the folder of the compiled C
THREADS = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu",
    "JAX_ENABLE_X64": "1", "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}  # fmt: skip
"""The environment in which every engine has one thread, and JAX its doubles."""
BLOCK = 104  # as in handwritten.c
ACTIVATIONS = ["relu", "sigmoid", "tanh"]  # in the order of handwritten.c

Rows = Sequence[Sequence[float]]


class Peer(NamedTuple):
    """What an engine can do.

    Attributes:
        gradient: returns the gradient of the mean loss.
        step: moves the parameters once.
        run: makes so many steps without coming back to Python.
        code: runs the machine code of the gradient, on addresses that are known, and nothing else.
        kept: what the functions use and do not hold themselves.
    """

    gradient: Callable[[], Sequence[float]]
    step: Callable[[], object]
    run: Callable[[int], object] | None = None
    code: Callable[[], object] | None = None
    kept: object = None


def scalars(engine: str, points: Rows, targets: Sequence[float], theta: Sequence[float], activation: str) -> Peer:
    """Return micrograd's own demo, without its L2 term, with micrograd or with this engine."""
    nn, value = import_module(f"{engine}.nn"), import_module(f"{engine}.engine").Value
    model = nn.MLP(2, SIZES[1:]) if activation == "relu" else nn.MLP(2, SIZES[1:], activation)
    for p, number in zip(model.parameters(), theta, strict=True):
        p.data = number

    def gradient() -> list[float]:
        scores = [model(list(map(value, point))) for point in points]
        losses = [(1 + -y * score).relu() for y, score in zip(targets, scores, strict=True)]
        model.zero_grad()
        (sum(losses) * (1.0 / len(losses))).backward()
        return [p.grad for p in model.parameters()]

    def step() -> None:
        for p, slope in zip(model.parameters(), gradient(), strict=True):
            p.data -= RATE * slope

    return Peer(gradient, step)


def network_in_numpy(
    sizes: Sequence[int], loss: str, inputs: Rows, targets: Rows, theta: Sequence[float], activation: str
) -> Peer:
    """Return a network's gradient by hand, for the loss "hinge" or "squares"; activation "relu" or "tanh".

    A column of ones beside the inputs of each layer makes its bias one more weight, so that each layer and each
    gradient is one matrix product, and no array is joined or copied.
    """
    np = import_module("numpy")
    n, numbers, y = len(inputs), np.array(theta), np.array(targets)
    slopes, value = np.empty(len(theta)), np.empty(1)
    shapes = [(nout, nin + 1) for nin, nout in pairwise(sizes)]
    ends = np.cumsum([rows * columns for rows, columns in shapes])[:-1]
    weights, gradients = (
        [part.reshape(shape) for part, shape in zip(np.split(whole, ends), shapes, strict=True)]
        for whole in (numbers, slopes)
    )
    layers = [np.ones((n, nin + 1)) for nin in sizes[:-1]]
    layers[0][:, :-1] = inputs
    last = len(weights) - 1

    def gradient() -> Any:
        for i, w in enumerate(weights):
            z = layers[i] @ w.T
            if i < last:
                (np.tanh if activation == "tanh" else partial(np.maximum, 0))(z, out=layers[i + 1][:, :-1])
        if loss == "hinge":
            margins = np.maximum(1 - y * z, 0)
            value[0], d = margins.sum() / n, (margins > 0) * (y / -n)
        else:
            rest = z - y
            value[0], d = np.vdot(rest, rest) / n, rest * (2 / n)
        for i in range(last, -1, -1):
            np.matmul(d.T, layers[i], out=gradients[i])
            if i:
                h, d = layers[i][:, :-1], d @ weights[i][:, :-1]
                d *= 1 - h * h if activation == "tanh" else h > 0
        return slopes

    def step() -> None:
        nonlocal numbers
        numbers -= RATE * gradient()

    return Peer(gradient, step)


def numpy_by_hand(points: Rows, targets: Sequence[float], theta: Sequence[float], activation: str) -> Peer:
    """Return the moons step in NumPy."""
    return network_in_numpy(SIZES, "hinge", points, [[y] for y in targets], theta, activation)


def pytorch(points: Rows, targets: Sequence[float], theta: Sequence[float], activation: str) -> Peer:
    """Return the moons step in PyTorch, eager: `autograd.grad` and one `_foreach` call, faster than torch.optim.SGD."""
    torch = import_module("torch")
    torch.set_num_threads(1)
    x, y = torch.tensor(points, dtype=torch.float64), torch.tensor(targets, dtype=torch.float64)[:, None]
    linear, parameters, start = torch.nn.functional.linear, [], 0
    for nin, nout in pairwise(SIZES):
        layer = torch.tensor(theta[start : start + nout * (nin + 1)], dtype=torch.float64).reshape(nout, nin + 1)
        parameters += [part.clone().requires_grad_() for part in (layer[:, :-1], layer[:, -1])]
        start += nout * (nin + 1)
    w1, b1, w2, b2, w3, b3 = parameters
    inside = getattr(torch, activation)

    def slopes() -> Any:
        score = linear(inside(linear(inside(linear(x, w1, b1)), w2, b2)), w3, b3)
        return torch.autograd.grad(torch.relu(1 - y * score).mean(), parameters)

    def gradient() -> Any:
        g = slopes()
        return torch.cat([torch.cat([g[i], g[i + 1][:, None]], 1).ravel() for i in (0, 2, 4)]).tolist()

    def step() -> None:
        gradients = slopes()
        with torch.no_grad():
            torch._foreach_sub_(parameters, gradients, alpha=RATE)

    return Peer(gradient, step)


def jax(points: Rows, targets: Sequence[float], theta: Sequence[float], activation: str) -> Peer:
    """Return the moons step in JAX, jitted, its parameters one donated array.

    Steps are not waited for one by one, so that JAX prepares the next while one runs.
    """
    library: Any = import_module("jax")
    np: Any = import_module("jax.numpy")
    x, y = np.array(points), np.array(targets, dtype=float)
    inside = {"relu": library.nn.relu, "sigmoid": library.nn.sigmoid, "tanh": np.tanh}[activation]

    def loss(numbers: Any) -> Any:
        first, second, third = numbers[:48].reshape(16, 3), numbers[48:320].reshape(16, 17), numbers[320:]
        h = inside(x @ first[:, :2].T + first[:, 2])
        h = inside(h @ second[:, :16].T + second[:, 16])
        return np.maximum(1 - y * (h @ third[:16] + third[16]), 0).mean()

    def updated(numbers: Any) -> tuple[Any, Any]:
        value, slopes = library.value_and_grad(loss)(numbers)
        return value, numbers - RATE * slopes

    jitted, numbers = library.jit(updated, donate_argnums=0), np.array(theta)

    def step() -> None:
        nonlocal numbers
        _, numbers = jitted(numbers)

    return Peer(lambda: library.grad(loss)(numbers).tolist(), step)


def casadi(points: Rows, targets: Sequence[float], theta: Sequence[float], activation: str) -> Peer:
    """Return the moons step in CasADi: one SX function of the mean loss, all samples in it, called through buffers.

    That is its fastest: the function of one sample, mapped over all, takes a quarter more time.
    """
    sx, np = import_module("casadi"), import_module("numpy")
    inside = {"relu": lambda z: sx.fmax(0, z), "sigmoid": lambda z: 1 / (1 + sx.exp(-z)), "tanh": sx.tanh}[activation]
    symbols, total = sx.SX.sym("theta", len(theta)), 0
    for point, y in zip(points, targets, strict=True):
        outputs: Sequence[Any] = point
        start = 0
        for nin, nout in pairwise(SIZES):
            inputs = outputs if start == 0 else [inside(z) for z in outputs]
            rows = [start + j * (nin + 1) for j in range(nout)]
            outputs = [symbols[i + nin] + sum(symbols[i + k] * x for k, x in enumerate(inputs)) for i in rows]
            start += nout * (nin + 1)
        total += sx.fmax(0, 1 - y * outputs[0])
    mean = total / len(points)
    function = sx.Function("step", [symbols], [mean, sx.gradient(mean, symbols)])
    numbers, value, slopes = np.array(theta), np.empty(1), np.empty(len(theta))
    buffers, evaluate = function.buffer()
    buffers.set_arg(0, memoryview(numbers))
    buffers.set_res(0, memoryview(value))
    buffers.set_res(1, memoryview(slopes))

    def gradient() -> Any:
        evaluate()
        return slopes

    def step() -> None:
        nonlocal numbers
        numbers -= RATE * gradient()

    return Peer(gradient, step, kept=(function, buffers))


def c_library() -> Any:
    """Return handwritten.c, compiled into the folder of the benchmark where it is not yet.

    Raises:
        RuntimeError: there is no gcc, or it fails.
    """
    ctypes = import_module("ctypes")
    library = Path(os.environ[FOLDER], "handwritten.so")
    if not library.exists():
        if not shutil.which("gcc"):
            raise RuntimeError("C compiler missing: there is no gcc on the PATH")
        source = Path(__file__).with_name("handwritten.c")
        command = f"gcc -O3 -march=native -ffast-math -shared -fPIC {source} -o {library} -lmvec -lm"
        made = subprocess.run(command.split(), capture_output=True, text=True, check=False)
        if made.returncode:
            raise RuntimeError(f"gcc: {(made.stderr.splitlines() or ['?'])[-1]}")
    functions = ctypes.CDLL(str(library))
    for name in ("gradient", "train", "network_gradient", "tiled_gradient"):
        getattr(functions, name).restype = ctypes.c_double
    return functions


def c_by_hand(points: Rows, targets: Sequence[float], theta: Sequence[float], activation: str) -> Peer:
    """Return the moons step of handwritten.c, called with arguments that are made once; `step` and `run` for relu."""
    functions, arrays = c_library(), CArrays(SIZES, points, [[y] for y in targets], theta)
    call = partial(functions.gradient, ACTIVATIONS.index(activation), *arrays.arguments())
    ctypes = import_module("ctypes")
    theta_and_data, results = arrays.arguments()[:4], arrays.arguments()[4:]

    def run(steps: int) -> None:
        functions.train(*theta_and_data, ctypes.c_double(RATE), ctypes.c_long(steps), *results)

    def gradient() -> Any:
        call()
        return arrays.slopes

    one = partial(functions.train, *theta_and_data, ctypes.c_double(RATE), ctypes.c_long(1), *results)
    return Peer(gradient, one, run, call, arrays)


def c_with_vectors(points: Rows, targets: Sequence[float], theta: Sequence[float], activation: str) -> Peer:
    """Return the moons step with `tiled_gradient` of handwritten.c, updated by NumPy; relu only."""
    functions, arrays = c_library(), CArrays(SIZES, points, [[y] for y in targets], theta)
    call = partial(functions.tiled_gradient, *arrays.arguments()[:5])

    def gradient() -> Any:
        call()
        return arrays.slopes

    def step() -> None:
        arrays.numbers -= RATE * gradient()

    return Peer(gradient, step, code=call)


def network_in_c(
    sizes: Sequence[int], inputs: Rows, targets: Rows, theta: Sequence[float], activation: str
) -> Callable[[], Any]:
    """Return the gradient of the sum of squares by handwritten.c, for any network."""
    functions, arrays = c_library(), CArrays(sizes, inputs, targets, theta)
    ctypes = import_module("ctypes")
    shape = (ctypes.c_int * len(sizes))(*sizes)
    call = partial(
        functions.network_gradient, len(sizes) - 1, shape, ACTIVATIONS.index(activation), *arrays.arguments()
    )

    def gradient() -> Any:
        call()
        return arrays.slopes

    return gradient


class CArrays:
    """What handwritten.c works on, in whole cache lines: `numbers`, the parameters, and `slopes`, their gradient."""

    def __init__(self, sizes: Sequence[int], inputs: Rows, targets: Rows, theta: Sequence[float]) -> None:
        np = import_module("numpy")
        self.samples, self.stride = len(inputs), (len(inputs) + 7) // 8 * 8

        def aligned(length: int) -> Any:
            memory = np.zeros(length + 8)
            start = -memory.ctypes.data % 64 // 8
            return memory[start : start + length]

        self.numbers, self.slopes = aligned(len(theta)), aligned(len(theta))
        self.numbers[:] = theta
        self.columns = aligned((sizes[0] + sizes[-1]) * self.stride)
        self.columns.reshape(-1, self.stride)[:, : self.samples] = np.hstack([inputs, targets]).T
        self.work = aligned(BLOCK * (sum(sizes[1:]) + 2 * max(sizes[1:])))

    def arguments(self) -> list[Any]:
        """Return the arguments theta, columns, stride, n, grad and work."""
        ctypes = import_module("ctypes")
        theta, columns, slopes, work = (
            ctypes.c_void_p(array.ctypes.data) for array in (self.numbers, self.columns, self.slopes, self.work)
        )
        return [theta, columns, ctypes.c_long(self.stride), ctypes.c_int(self.samples), slopes, work]


PEERS: dict[str, Callable[[Rows, Sequence[float], Sequence[float], str], Peer]] = {
    "micrograd": partial(scalars, "micrograd"),
    "this engine, eager": partial(scalars, "micrograd_like"),
    "PyTorch eager": pytorch,
    "CasADi SX": casadi,
    "NumPy by hand": numpy_by_hand,
    "JAX jit": jax,
    "C by hand": c_by_hand,
    "C with vector types": c_with_vectors,
}
"""The moons step of each engine."""
