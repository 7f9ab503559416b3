"""The browser that the tests of one process share."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.running import PATIENCE
from tests.e2e.web.browsing import launch


@pytest.fixture(
    scope="module"
)  # its event loop runs as long as it is open, and others want their own
def browser() -> Iterator[Browser]:
    """A Chromium without a screen."""
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()
