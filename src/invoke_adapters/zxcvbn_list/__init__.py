"""Common passwords and an estimate of guesses, both from the package zxcvbn."""

from functools import cached_property

from invoke_adapters.zxcvbn_list.meter import ZxcvbnMeter


class CommonPasswords:
    """The 30,000 most common passwords in lower case, read when they are first asked. Thread-safe."""

    def __contains__(self, password: object) -> bool:
        """Return whether the password, in lower case, is a common one."""
        return password in self._list

    @cached_property
    def _list(self) -> frozenset[str]:
        from zxcvbn.frequency_lists import FREQUENCY_LISTS

        return frozenset(FREQUENCY_LISTS["passwords"])


__all__ = ["CommonPasswords", "ZxcvbnMeter"]
