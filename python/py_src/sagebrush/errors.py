"""What can go wrong, as exception classes. Each message names the place and a remedy."""

from __future__ import annotations


class SagebrushError(Exception):
    """Any failure of Sagebrush."""


class UsageError(SagebrushError, ValueError):
    """A call that cannot be: arguments that exclude each other, a model that cannot do what is asked."""


class SettingError(UsageError):
    """A setting that does not exist, has the wrong type or a value out of range."""


class DataError(SagebrushError, ValueError):
    """Data that cannot be read or understood.

    ``file`` names the input and ``line`` is the number of its line or row, from 1, or ``None``.
    """

    def __init__(self, message: str, file: str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.file = file
        self.line = line


class UnknownKeyError(SagebrushError, KeyError):
    """A user or an item that the model does not know. ``kind`` is ``"user"`` or ``"item"``, ``key`` is the key."""

    def __init__(self, message: str, kind: str | None = None, key: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.key = key

    def __str__(self) -> str:
        # A `KeyError` prints its argument with quotes around it.
        return str(self.args[0])


class RunError(SagebrushError):
    """A run that is damaged, not finished, of a newer version, or cannot answer what is asked."""


class MissingInputError(SagebrushError, FileNotFoundError):
    """A file or a run that is not there."""


class WriteError(SagebrushError, OSError):
    """An output that cannot be written."""


class BusyError(SagebrushError):
    """Another process is writing the same run."""


class DeviceError(SagebrushError):
    """A device that this build or this machine does not have."""


class InternalError(SagebrushError):
    """A mistake in Sagebrush itself, to be reported."""


class Interrupted(SagebrushError):
    """A call that was asked to stop. Ctrl-C raises ``KeyboardInterrupt`` with the same message."""
