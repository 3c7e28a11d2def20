"""One tree of errors: a stable code, what happened, and what to do about it."""

from __future__ import annotations


class TwinwardError(Exception):
    """The root of the tree. `code` is stable; `advice` says what the reader can do.

    `exit_code` is what the command line returns: 2 when the input is at fault, 1 when we are.
    """

    code = "error"
    exit_code = 1

    def __init__(self, message: str, advice: str = "", *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.message}. {self.advice}" if self.advice else self.message


class InputError(TwinwardError):
    """What was handed in cannot be used; `advice` says how to mend it."""

    code = "bad_input"
    exit_code = 2


class AbsentError(InputError):
    """No such thing, or not yours to see: both answer alike."""

    code = "not_found"


class RefusedError(InputError):
    """The rules do not allow this now (peacetime, wrong department, a closed thing)."""

    code = "refused"


class ConflictError(InputError):
    """The thing is not in a state in which this can be done."""

    code = "conflict"


class StorageError(TwinwardError):
    """The disk or the database did not keep its promise; nothing acknowledged is lost."""

    code = "storage"


class BusyError(TwinwardError):
    """Another process holds what is needed; try again or stop it."""

    code = "busy"
