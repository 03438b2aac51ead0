"""Weights come back from a file to the bit; what is no file of these weights is refused and changes nothing."""

import errno
import json
import os
import random
import stat
import struct
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from micrograd_like import MLP, Module, Neuron, Value, weights
from micrograd_like.files import write_atomically

FINITE = st.floats(allow_nan=False, allow_infinity=False)
OLD = b"what was there before"


class Ambiguous(Module):
    """A module with two parameters under the path parts.1."""

    def __init__(self):
        self.parts = {1: Value(1.0), "1": Value(2.0)}


def bits(x):
    return struct.pack("<d", x)


def text_of(neuron_w, neuron_b="0.5"):
    """Return a weights file of a neuron of one input, with these texts for its numbers."""
    return f'{{\n "w.0": {neuron_w},\n "b": {neuron_b}\n}}\n'


def data(model):
    return [p.data for p in model.parameters()]


@pytest.fixture
def neuron():
    return Neuron(1, rng=random.Random(1))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.json"


@pytest.fixture
def refusal(neuron, path):
    """Return the function that loads a file of some content, and returns the message if nothing was changed."""

    def refuse(content):
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        before = data(neuron)
        with pytest.raises(ValueError, match=r"weights\.json") as caught:
            neuron.load(path)
        assert data(neuron) == before
        return str(caught.value)

    return refuse


# There and back


@settings(deadline=None, max_examples=50)
@given(numbers=st.lists(FINITE, min_size=1, max_size=30))
@example(numbers=[0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, sys.float_info.max, -sys.float_info.max, 0.1])
def test_floats_come_back_to_the_bit(tmp_path_factory, numbers):
    path = tmp_path_factory.getbasetemp() / "floats.json"
    names = {f"w.{i}": x for i, x in enumerate(numbers)}
    weights.write(path, names)
    back = weights.read(path, names.keys())
    assert [bits(x) for x in back.values()] == [bits(x) for x in numbers]


@settings(deadline=None, max_examples=25)
@given(names=st.sets(st.text(), max_size=5))
def test_any_name_comes_back(tmp_path_factory, names):
    path = tmp_path_factory.getbasetemp() / "names.json"
    weights.write(path, dict.fromkeys(names, 1.0))
    assert weights.read(path, names).keys() == names


def test_a_loaded_model_computes_the_same(path):
    model, other = MLP(2, [3, 1], rng=random.Random(1)), MLP(2, [3, 1], rng=random.Random(2))
    model.save(path)
    other.load(path)
    assert other([0.3, -0.7]).data == model([0.3, -0.7]).data
    assert data(other) == data(model)


def test_a_person_can_read_the_file(neuron, path):
    neuron.w[0].data, neuron.b.data = 0.1, -0.0
    neuron.save(path)
    assert path.read_text() == text_of("0.1", "-0.0")


def test_a_path_may_be_a_string(neuron, path):
    neuron.save(str(path))
    neuron.load(str(path))
    assert path.exists()


def test_integers_written_by_hand_become_floats(neuron, path):
    path.write_text(text_of("3", "-2"))
    neuron.load(path)
    assert [(x, type(x)) for x in data(neuron)] == [(3.0, float), (-2.0, float)]


def test_the_order_of_the_lines_is_no_matter(neuron, path):
    path.write_text('{"b": 2.0, "w.0": 1.0}')
    neuron.load(path)
    assert data(neuron) == [1.0, 2.0]


def test_loading_keeps_the_parameters_themselves(neuron, path):
    before = neuron.parameters()
    neuron.save(path)
    neuron.load(path)
    assert neuron.parameters() == before


def test_a_missing_file_is_told_as_such(neuron, path):
    with pytest.raises(FileNotFoundError, match=r"weights\.json"):
        neuron.load(path)


# What is not written


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf"), Fraction(1, 3), np.array([1.0, 2.0])])
def test_a_number_that_is_no_finite_float_is_not_saved(neuron, path, number):
    path.write_bytes(OLD)
    neuron.b.data = number
    with pytest.raises(ValueError, match="a weights file holds finite floats, and b is"):
        neuron.save(path)
    assert path.read_bytes() == OLD


def test_two_parameters_of_one_name_are_not_saved_as_one(path):
    path.write_bytes(OLD)
    with pytest.raises(ValueError, match=r"parts\.1"):
        Ambiguous().save(path)
    assert path.read_bytes() == OLD


# What is not read


def test_two_parameters_of_one_name_are_not_loaded_by_halves(path):
    path.write_text('{"parts.1": 3.0}')
    model = Ambiguous()
    with pytest.raises(ValueError, match=r"parts\.1"):
        model.load(path)
    assert [p.data for p in model.parts.values()] == [1.0, 2.0]


@pytest.mark.parametrize(
    "number",
    [
        "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "true", "false", "null", '"1.0"', "[1.0]",
        '{"w.0": 1.0}', "{}", "[]", pytest.param("1" + "0" * 400, id="10**400"),
    ],
)
@pytest.mark.parametrize("name", ["w.0", "b"])
def test_what_is_no_finite_number_is_refused_with_its_name(refusal, name, number):
    content = text_of(number) if name == "w.0" else text_of("0.25", number)
    assert f": {name} is " in refusal(content)
    assert refusal(content).endswith(", not a finite number")


def test_a_number_too_long_to_read_is_refused(refusal):
    assert "is damaged, or no weights file" in refusal(text_of("1" * 5000))


def test_a_file_cut_anywhere_is_refused(refusal):
    content = text_of("0.125", "-2.5e-7")
    for length in range(content.rindex("}")):
        assert "is damaged, or no weights file" in refusal(content[:length])


def test_a_flipped_bit_never_changes_a_model_by_halves_or_beyond_finite_floats(neuron, path):
    content = text_of("0.125", "-2.5e-7").encode()
    outcomes = set()
    for i in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[i // 8] ^= 1 << i % 8
        path.write_bytes(flipped)
        neuron.w[0].data, neuron.b.data = 11.0, 12.0
        try:
            neuron.load(path)
            outcomes.add("read")
            assert 11.0 not in data(neuron) and 12.0 not in data(neuron)
            assert all(type(x) is float and abs(x) <= sys.float_info.max for x in data(neuron))
        except ValueError:
            outcomes.add("refused")
            assert data(neuron) == [11.0, 12.0]
    assert outcomes == {"read", "refused"}


@pytest.mark.parametrize("content", ["[1.0, 2.0]", '[["w.0", 1.0], ["b", 2.0]]', "1.0", '"w.0"', "null", "true", "[]"])
def test_a_structure_without_names_is_refused(refusal, content):
    assert "is no weights file: it holds no names" in refusal(content)


@pytest.mark.parametrize("content", ["", " ", "{", "w.0 = 1.0", "{'w.0': 1.0}", text_of("1.0") * 2, text_of("1.0,")])
def test_what_is_no_json_is_refused(refusal, content):
    assert "is damaged, or no weights file" in refusal(content)


@pytest.mark.parametrize("content", [b"\x80\x02", b'{"w.0": "\xff"}', b"\xff\xfe{", b"\x00" * 5, bytes(range(256))])
def test_what_is_no_text_is_refused(refusal, content):
    assert "is damaged, or no weights file" in refusal(content)


@pytest.mark.parametrize(("beginning", "opening"), [("", "["), ("", '{"w.0":'), ('{"w.0":', "[")])
def test_deep_nesting_is_refused(refusal, beginning, opening):
    assert "is damaged, or no weights file" in refusal(beginning + 100_000 * opening)


@pytest.mark.parametrize("second", ["1.0", "2.0"])
def test_a_name_that_stands_twice_is_refused(refusal, second):
    assert "a name stands in it twice" in refusal(f'{{"w.0": 1.0, "w.0": {second}, "b": 0.0}}')


@pytest.mark.parametrize(
    ("content", "difference"),
    [
        ("{}", "0 weights, not 2, it lacks b, w.0"),
        ('{"w.0": 1.0}', "1 weights, not 2, it lacks b"),
        ('{"w.0": 1.0, "b": 2.0, "c": 3.0}', "3 weights, not 2, it has c"),
        ('{"w.0": 1.0, "B": 2.0}', "2 weights, not 2, it lacks b, it has B"),
    ],
)
def test_other_names_are_refused_with_the_difference(refusal, content, difference):
    assert refusal(content).endswith(f"is of another model: {difference}")


def test_a_file_of_another_shape_is_refused_with_some_of_the_difference(path):
    MLP(2, [4, 1]).save(path)
    model = MLP(2, [2, 1])
    before = data(model)
    with pytest.raises(ValueError, match=r"17 weights, not 9, it has layers\.0\.neurons\.2\.b, (layers.*, ){2}…$"):
        model.load(path)
    assert data(model) == before


# Files whole or not at all


class HalfWritten:
    """A file whose disk is full after half of what is written."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, content):
        self.file.write(content[: len(content) // 2])
        self.file.flush()
        raise OSError(errno.ENOSPC, "No space left on device")


def fail(error):
    def raise_it(*_args, **_kwargs):
        raise error

    return raise_it


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), KeyboardInterrupt(), MemoryError()])
@pytest.mark.parametrize("step", ["os.fsync", "os.replace"])
@pytest.mark.parametrize("old", [OLD, None])
def test_a_crash_in_the_middle_leaves_the_folder_as_it_was(monkeypatch, path, step, error, old):
    if old:
        path.write_bytes(old)
    before = {file: file.read_bytes() for file in path.parent.iterdir()}
    monkeypatch.setattr(step, fail(error))
    with pytest.raises(type(error)):
        write_atomically(path, b"new")
    assert {file: file.read_bytes() for file in path.parent.iterdir()} == before


def test_a_disk_that_fills_while_writing_leaves_the_old_file(monkeypatch, path):
    path.write_bytes(OLD)
    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda file, mode: HalfWritten(opened(file, mode)))
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new content")
    monkeypatch.undo()
    assert path.read_bytes() == OLD
    assert list(path.parent.iterdir()) == [path]


def test_the_limit_of_a_files_size_leaves_the_old_file(path):
    resource = pytest.importorskip("resource")
    path.write_bytes(OLD)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_atomically(path, bytes(2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == OLD
    assert list(path.parent.iterdir()) == [path]


def test_a_model_is_saved_whole_or_not_at_all(monkeypatch, neuron, path):
    neuron.save(path)
    before = path.read_bytes()
    neuron.b.data = 7.0
    monkeypatch.setattr("os.replace", fail(OSError("crash")))
    with pytest.raises(OSError, match="crash"):
        neuron.save(path)
    assert path.read_bytes() == before


def test_the_content_is_on_the_disk_before_it_takes_the_name(monkeypatch, path):
    seen = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda number: (seen.append(os.fstat(number).st_size), fsync(number)))
    monkeypatch.setattr(os, "replace", lambda *names: (seen.append("replace"), replace(*names)))
    write_atomically(path, b"new")
    assert seen == [len(b"new"), "replace"]


def test_a_new_file_replaces_the_old_one_and_leaves_nothing_else(path):
    path.write_bytes(OLD)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_two_writers_of_one_file_at_once_leave_one_whole_file(monkeypatch, path):
    def fsync_while_another_writes(number):
        monkeypatch.undo()
        write_atomically(path, b"the other's")

    monkeypatch.setattr(os, "fsync", fsync_while_another_writes)
    write_atomically(path, b"the first's")
    assert path.read_bytes() == b"the first's"
    assert list(path.parent.iterdir()) == [path]


def test_what_a_killed_process_left_behind_does_not_stop_a_later_one_of_its_number(monkeypatch, path):
    monkeypatch.setattr(Path, "unlink", lambda file, missing_ok=False: None)  # killed: nothing was tidied up
    monkeypatch.setattr("os.replace", fail(OSError("killed")))
    with pytest.raises(OSError, match="killed"):
        write_atomically(path, b"first")
    monkeypatch.undo()
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_permissions_follow_the_umask(path, umask):
    before = os.umask(umask)
    try:
        write_atomically(path, b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("old", [OLD, None])
def test_a_symbolic_link_stays_one(tmp_path, old):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    target, link = folder / "target.json", tmp_path / "link.json"
    if old:
        target.write_bytes(old)
    link.symlink_to(target)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert {file.name for file in tmp_path.rglob("*")} == {"elsewhere", "target.json", "link.json"}


def test_a_relative_path_is_of_the_current_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    write_atomically("new.json", b"new")
    assert (tmp_path / "new.json").read_bytes() == b"new"


def test_a_folder_is_not_replaced(tmp_path):
    folder = tmp_path / "weights.json"
    folder.mkdir()
    with pytest.raises(OSError, match=r"weights\.json"):
        write_atomically(folder, b"new")
    assert list(tmp_path.iterdir()) == [folder]


def test_a_missing_folder_is_told_as_such(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "missing" / "weights.json", b"new")
    assert list(tmp_path.iterdir()) == []


@settings(deadline=None, max_examples=30)
@given(content=st.binary(max_size=100))
def test_any_content_is_written_as_it_is(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any"
    write_atomically(path, content)
    assert path.read_bytes() == content


def test_a_weights_file_is_json(neuron, path):
    neuron.save(path)
    assert json.loads(path.read_text()) == {name: p.data for name, p in neuron.named_parameters()}


def test_a_missing_folder_is_told_by_its_name(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere"):
        write_atomically(tmp_path / "nowhere" / "x.json", b"")
