"""The 30,000 most common passwords, as the package zxcvbn lists them."""

from functools import cached_property


class CommonPasswords:
    """A container of lower-case passwords; the list is read when it is first asked. Thread-safe."""

    def __contains__(self, password: object) -> bool:
        """Return whether the password, in lower case, is a common one."""
        return password in self._list

    @cached_property
    def _list(self) -> frozenset[str]:
        from zxcvbn.frequency_lists import FREQUENCY_LISTS

        return frozenset(FREQUENCY_LISTS["passwords"])


__all__ = ["CommonPasswords"]
