"""Writing a run folder: nothing is lost unless that was said, nothing leads elsewhere."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from repunet.compat.reference.dialect import NOTES, STEP
from repunet.errors import Stopped, UsageError

Files: TypeAlias = dict[tuple[str, ...], bytes]
"""The content of files, by where they are."""


class ExportFolder:
    """Folder of an export; nothing in it is overwritten unless that was said."""

    def __init__(self, path: Path, *, force: bool) -> None:
        self._path = path
        self._force = force

    def prepare(self, steps: Sequence[int]) -> tuple[str, ...]:
        """Return the steps that are there and stay; raises UsageError for what is in the way."""
        if self._path.exists() and not self._path.is_dir():
            raise UsageError(f"{self._path} is not a folder")
        there = sorted(each.name for each in self._path.iterdir()) if self._path.is_dir() else []
        ours = {NOTES, *(f"step_{number}" for number in steps)}
        found = [name for name in there if STEP.fullmatch(name) or name == NOTES]
        if found and not self._force:
            raise UsageError(
                f"{self._path} holds {found[0]} already: say another folder, or --force to "
                "overwrite its files"
            )
        return tuple(name for name in found if name not in ours)

    def write(self, folder: str, files: Files) -> int:
        """Write files below a folder; return how many."""
        for parts, content in files.items():
            self._write(self._path.joinpath(*filter(None, (folder, *parts))), content)
        return len(files)

    def _write(self, path: Path, content: bytes) -> None:
        try:
            self._enter(path.parent)
            if path.is_dir() or (os.path.lexists(path) and not self._force):
                raise UsageError(f"{path} is in the way: say another folder, or --force")
            draft = path.with_name(f".{path.name}.{os.getpid()}.new")
            try:
                with draft.open("xb") as stream:
                    stream.write(content)
                draft.replace(path)
            except BaseException:
                with suppress(OSError):
                    draft.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise Stopped(f"{path} could not be written ({error.strerror})") from error

    def _enter(self, folder: Path) -> None:
        """Make a folder; raises UsageError where a link would lead elsewhere."""
        if folder != self._path:
            self._enter(folder.parent)
            if folder.is_symlink():
                raise UsageError(f"{folder} is a link: nothing is written through it")
        folder.mkdir(parents=folder == self._path, exist_ok=True)
