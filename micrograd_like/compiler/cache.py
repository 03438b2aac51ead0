"""Compiled code that is kept on disk between runs.

It lies in the platform's cache folder, or in the folder that the environment variable MICROGRAD_LIKE_CACHE names; "off"
keeps nothing. Machine code that is loaded is code that is run: it is taken only from a folder and a file that belong to
this user and that nobody else can write. Whatever goes wrong, the code is made again.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from importlib import import_module
from pathlib import Path

from micrograd_like.files import write_atomically

VARIABLE = "MICROGRAD_LIKE_CACHE"
LARGEST = 256 * 2**20
"""The bytes that all entries have together at most; the oldest go first."""
CHECKSUM = 32
"""The bytes of the checksum that an entry begins with."""
NAMES = re.compile(r"[0-9a-f]{64}|\.[0-9a-f]{16}\.tmp")
"""The files that are this module's own: entries, and what a killed process left half-written."""


def cached(key: str, make: Callable[[], bytes]) -> bytes:
    """Return the bytes that are kept for `key` or, if there are none, those that `make` returns, and keep them.

    What cannot be kept, in a read-only folder or without the package platformdirs, is made each time.
    """
    folder = cache_folder()
    if folder is None:
        return make()
    path = folder / sha256(key.encode()).hexdigest()
    found = _read(path, key)
    if found is not None:
        return found
    content = make()
    with suppress(OSError):
        folder.mkdir(0o700, parents=True, exist_ok=True)
        if _private(folder.stat()):
            write_atomically(path, _checksum(key, content) + content, mode=0o600)
            _prune(folder)
    return content


def cache_folder() -> Path | None:
    """Return the folder in which compiled code is kept; None if it is not."""
    setting = os.environ.get(VARIABLE)
    if setting:
        try:
            return None if setting.lower() == "off" else Path(setting).expanduser()
        except RuntimeError:  # there is no such user
            return None
    try:
        return Path(import_module("platformdirs").user_cache_dir("micrograd_like"))
    except ImportError:
        return None


def _checksum(key: str, content: bytes) -> bytes:
    return sha256(key.encode() + b"\0" + content).digest()


def _read(path: Path, key: str) -> bytes | None:
    """Return the bytes of an entry; None if there is none, or it is damaged or may be another user's work."""
    try:
        if not _private(path.parent.stat()):
            return None
        if not stat.S_ISREG(path.lstat().st_mode):  # a link, or what would be read for ever
            return None
        with path.open("rb") as file:
            if not _private(os.fstat(file.fileno())):
                return None
            entry = file.read()
    except OSError:
        return None
    checksum, content = entry[:CHECKSUM], entry[CHECKSUM:]
    return content if _checksum(key, content) == checksum else None


def _private(status: os.stat_result) -> bool:
    """Tell whether a file or folder belongs to this user and nobody else can write it; Windows sees to it by itself."""
    if os.name != "posix":
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _prune(folder: Path) -> None:
    """Remove the oldest entries, until the others have `LARGEST` bytes at most."""
    entries = []
    for path in folder.iterdir():
        if NAMES.fullmatch(path.name):
            with suppress(FileNotFoundError):  # another process removed it
                status = path.stat()
                entries.append((status.st_mtime_ns, status.st_size, path))
    room = LARGEST
    for _, size, path in sorted(entries, reverse=True):
        room -= size
        if room < 0:
            path.unlink(missing_ok=True)
