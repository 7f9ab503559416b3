"""A storage quota as it is typed."""

import re

import click

from invoke_core.domain.storage import NO_QUOTA, QUOTA_OF_SERVER

_WORDS = {"none": NO_QUOTA, "default": QUOTA_OF_SERVER}
_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_SIZE = re.compile(r"(\d{1,18})\s*([a-z]*)", re.ASCII)


class Quota(click.ParamType[int]):
    """Bytes, with a unit if wished; `none`; or `default`."""

    name = "quota"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return the quota as a change of an account has it."""
        text = str(value).strip().lower()
        if text in _WORDS:
            return _WORDS[text]
        match = _SIZE.fullmatch(text)
        if match is None or match[2] not in _UNITS:
            self.fail("is a number of bytes such as 20GB, none or default.", param, ctx)
        return int(match[1]) * _UNITS[match[2]]
