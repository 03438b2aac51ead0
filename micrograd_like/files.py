"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def write_atomically(path: str | os.PathLike[str], content: bytes, mode: int | None = None) -> None:
    """Write `content` to the file `path`; a crash or a full disk in the middle leaves the old file as it was.

    The content goes to a new file beside it, which then takes the name in one step. Its permissions are `mode`, else
    those of the old file, else the usual ones.

    Raises:
        OSError: the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise OSError(f"{path} is there and is not a file")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent}")
    temporary = target.with_name(f".{os.urandom(8).hex()}.tmp")
    try:
        temporary.touch(0o666 if mode is None else mode, exist_ok=False)
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is None and target.exists():
            shutil.copymode(target, temporary)
        temporary.replace(target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno:  # told by the name that the user knows
            raise type(error)(error.errno, error.strerror, os.fspath(path)) from None
        raise
