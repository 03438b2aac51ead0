"""Compiled code that is kept: found again, made again where it is damaged, and never taken from somebody else."""

from __future__ import annotations

import multiprocessing
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from micrograd_like.compiler import cache
from micrograd_like.compiler.cache import cached

posix = pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX's")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MICROGRAD_LIKE_CACHE", str(tmp_path / "kept" / "here"))
    return tmp_path / "kept" / "here"


class Maker:
    """Makes bytes, and counts how often."""

    def __init__(self, content: bytes = b"code") -> None:
        self.content, self.calls = content, 0

    def __call__(self) -> bytes:
        self.calls += 1
        return self.content


def refused() -> bytes:
    raise AssertionError("what is kept is made again")


def entry(folder: Path) -> Path:
    [path] = folder.iterdir()
    return path


@pytest.mark.parametrize("content", [b"code", b"", bytes(range(256)) * 1000])
def test_what_was_made_is_found(folder: Path, content: bytes) -> None:
    assert cached("key", lambda: content) == content
    assert cached("key", refused) == content


def test_each_key_has_its_own(folder: Path) -> None:
    for key in ("a", "b", "σ/../\0\n", "x" * 10_000):
        assert cached(key, key.encode) == key.encode()
    for key in ("a", "b", "σ/../\0\n", "x" * 10_000):
        assert cached(key, refused) == key.encode()
    assert all(cache.NAMES.fullmatch(path.name) for path in folder.iterdir())


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:10],
        lambda content: content[:32],
        lambda content: content[:-1],
        lambda content: content + b"x",
        lambda content: content[:-1] + b"x",
        lambda content: b"x" + content[1:],
    ],
)
def test_a_damaged_entry_is_made_again(folder: Path, damage: Callable[[bytes], bytes]) -> None:
    cached("key", Maker())
    path = entry(folder)
    path.write_bytes(damage(path.read_bytes()))
    again = Maker()
    assert cached("key", again) == b"code"
    assert again.calls == 1
    assert cached("key", refused) == b"code"


def test_a_folder_in_an_entrys_place_is_left_alone(folder: Path) -> None:
    cached("key", Maker())
    path = entry(folder)
    path.unlink()
    path.mkdir()
    assert cached("key", Maker()) == b"code"
    assert path.is_dir()


def test_a_failure_to_make_is_the_callers(folder: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        cached("key", lambda: bytes(1 // 0))
    assert not folder.exists()


def test_off_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MICROGRAD_LIKE_CACHE", "off")
    assert cache.cache_folder() is None
    make = Maker()
    assert cached("key", make) == cached("key", make) == b"code"
    assert make.calls == 2


def test_the_folder_is_the_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    platformdirs = pytest.importorskip("platformdirs")
    for setting in (None, ""):
        monkeypatch.delenv("MICROGRAD_LIKE_CACHE", raising=False)
        if setting is not None:
            monkeypatch.setenv("MICROGRAD_LIKE_CACHE", setting)
        assert cache.cache_folder() == Path(platformdirs.user_cache_dir("micrograd_like"))


def test_without_platformdirs_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MICROGRAD_LIKE_CACHE", raising=False)
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    assert cache.cache_folder() is None
    assert cached("key", Maker()) == b"code"


def test_a_home_folder_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("MICROGRAD_LIKE_CACHE", "~/kept")
    cached("key", Maker())
    assert entry(tmp_path / "kept").is_file()


def test_a_place_that_cannot_be_written_does_not_fail(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.parent.write_text("a file where the folder would be")
    assert cached("key", Maker()) == b"code"

    def read_only(*_: object, **__: object) -> None:
        raise PermissionError("read-only file system")

    monkeypatch.setattr(cache, "write_atomically", read_only)
    folder.parent.unlink()
    assert cached("key", Maker()) == b"code"


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root can write everywhere")
def test_a_read_only_folder_does_not_fail(folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    assert cached("key", Maker()) == b"code"
    assert not [*folder.iterdir()]


@posix
def test_only_the_owner_can_read_or_write_what_is_kept(folder: Path) -> None:
    before = os.umask(0)
    try:
        cached("key", Maker())
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(entry(folder).stat().st_mode) == 0o600


@posix
@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
def test_nothing_is_taken_from_a_folder_that_others_can_write(folder: Path, mode: int) -> None:
    cached("key", Maker(b"planted"))
    folder.chmod(mode)
    assert cached("key", Maker()) == b"code"
    assert entry(folder).read_bytes().endswith(b"planted")  # and nothing is written to it


@posix
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_nothing_is_taken_from_a_file_that_others_can_write(folder: Path, mode: int) -> None:
    cached("key", Maker(b"planted"))
    entry(folder).chmod(mode)
    assert cached("key", Maker()) == b"code"
    assert cached("key", refused) == b"code"
    assert stat.S_IMODE(entry(folder).stat().st_mode) == 0o600


@posix
def test_nothing_is_taken_from_another_user(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached("key", Maker(b"planted"))
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    assert cached("key", Maker()) == b"code"
    assert entry(folder).read_bytes().endswith(b"planted")


def test_the_oldest_entries_go_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LARGEST", 3 * 1032)
    folder.mkdir(0o700, parents=True)
    (folder / "notes.txt").write_bytes(bytes(5000))  # not ours, so neither counted nor removed
    (folder / f".{'0' * 16}.tmp").write_bytes(bytes(5000))  # of a process that was killed
    os.utime(folder / f".{'0' * 16}.tmp", (1, 1))
    for i, key in enumerate("abc"):
        cached(key, lambda: bytes(1000))
        [new] = [path for path in folder.iterdir() if cache.NAMES.fullmatch(path.name) and path.stat().st_mtime > 10]
        os.utime(new, (2 + i, 2 + i))
    cached("d", lambda: bytes(1000))
    assert len([*folder.iterdir()]) == 4
    assert (folder / "notes.txt").exists()
    for key in "bcd":
        assert cached(key, refused) == bytes(1000)
    make = Maker(bytes(1000))
    cached("a", make)
    assert make.calls == 1


def test_an_entry_larger_than_all_that_is_kept_is_not_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LARGEST", 100)
    assert cached("key", lambda: bytes(1000)) == bytes(1000)
    assert not [*folder.iterdir()]


def work(seed: int) -> bool:
    """Ask for the same few entries again and again, of which some are damaged meanwhile, and too many are kept."""
    cache.LARGEST = 4 * 20_032
    for i in range(60):
        key = f"{(seed + i) % 8}"
        content = key.encode() * 20_000
        if cached(key, lambda content=content: content) != content:  # type: ignore[misc]
            return False
        if i % 7 == seed % 7 and (folder := cache.cache_folder()):
            for path in [*folder.iterdir()][:1]:
                with suppress(OSError):
                    path.write_bytes(b"damaged")
    return True


def test_processes_at_once_each_get_what_they_asked_for(folder: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert all(pool.map(work, range(4), chunksize=1))
