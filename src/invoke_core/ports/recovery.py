"""Whether the setup is open again because the configured signing key disappeared."""

from contextlib import AbstractContextManager
from typing import Protocol


class Recovery(Protocol):
    """The door by which somebody with access to the host becomes administrator; shared by processes."""

    def settle(self) -> bool | None:
        """Compare what is configured now with what was when the server last started, and remember it.

        For the server alone: a command may run with another environment.

        Returns:
            True where the door opened, as a key that was configured is configured no more; False where
            it closed, as one is configured again; None where nothing changed.
        """

    def is_open(self) -> bool:
        """Return whether a key that was configured is configured no more, and nobody passed since."""

    def close(self) -> bool:
        """Close the door; return whether this call did."""

    def passing(self) -> AbstractContextManager[bool]:
        """Hold the door, one at a time; yield whether it is open, and close it when the block ends well."""
