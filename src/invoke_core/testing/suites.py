"""Running a contract suite from the outside: what fails on an adapter that is broken on purpose."""

import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any


def test_names(suite: type) -> frozenset[str]:
    """Return the names of a suite's tests."""
    return frozenset(name for name in dir(suite) if name.startswith("test_"))


test_names.__test__ = False  # type: ignore[attr-defined]  # its own name looks like a test's


def failing_tests(suite: type, provide: Callable[[], Mapping[str, Any]]) -> frozenset[str]:
    """Return the names of the suite's tests that fail.

    Args:
        suite: a contract suite.
        provide: makes the values of its fixtures, by name, anew for every case of every test.
    """
    return frozenset(name for name in test_names(suite) if fails(suite, name, provide))


def fails(suite: type, name: str, provide: Callable[[], Mapping[str, Any]]) -> bool:
    """Return whether one test of the suite fails, in any of its cases; see `failing_tests`."""
    return any(
        _case_fails(suite, name, {**provide(), **case}) for case in _cases(getattr(suite, name))
    )


def _cases(test: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the values that `pytest.mark.parametrize` gives a test."""
    marks = [m for m in getattr(test, "pytestmark", []) if m.name == "parametrize"]
    for values in itertools.product(*(mark.args[1] for mark in marks)):
        yield {mark.args[0]: value for mark, value in zip(marks, values, strict=True)}


def _case_fails(suite: type, name: str, values: Mapping[str, Any]) -> bool:
    test = getattr(suite(), name)
    wanted = inspect.signature(test).parameters
    try:
        test(**{key: value for key, value in values.items() if key in wanted})
    except (Exception, BaseExceptionGroup):  # noqa: BLE001 - any failure is what we look for
        return True
    except BaseException as error:  # `pytest.raises` that saw nothing
        if type(error).__name__ == "Failed":
            return True
        raise
    return False
