"""A real Chromium, and windows in it that belong to one person each.

Whatever a page complains of fails the test: an exception, an error on the console, a violation of the
Content-Security-Policy.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect

from tests.e2e.running import PASSWORD, PATIENCE

UI = Path(__file__).parents[3] / "src/invoke_apps/web/ui"
CHROMIUM = "/usr/bin/chromium"
DESKTOP, PHONE = (1280, 800), (390, 844)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# What the browser itself prints of an answer that a page deals with: a refusal is told to the person.
REFUSAL = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")

LISTEN = """
document.addEventListener("securitypolicyviolation", (event) => {
  const where = `${event.sourceFile}:${event.lineNumber}`;
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${where}`);
});
"""

AXE = """
async (tags) => {
  const found = await axe.run(document, { runOnly: tags });
  // What floats above a page, such as a menu, stands in no region of it, by its nature.
  const floats = (node) => {
    const found = document.querySelector(node.target[0]);
    return found === null || found.closest("[data-portal]");
  };
  for (const each of found.violations) {
    if (each.id === "region") each.nodes = each.nodes.filter((node) => !floats(node));
  }
  const told = (node) => `    ${node.html}\\n    ${node.failureSummary}`;
  const faults = found.violations.filter((each) => each.nodes.length > 0);
  return faults.map((each) => [`${each.id}: ${each.help}`, ...each.nodes.map(told)].join("\\n"));
}
"""

# Asked by the debugger: `wait_for_function` evaluates text in the page, which the policy rightly refuses.
SETTLED = """
() => Promise.all(
  document.getAnimations()
    .filter((each) => each.effect?.getComputedTiming().iterations !== Infinity)
    .map((each) => each.finished.then(() => null, () => null)))
"""


def launch(playwright: Playwright) -> Browser:
    """Start Chromium without a screen."""
    return playwright.chromium.launch(
        executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
    )


@attrs.define(eq=False)
class Window:
    """A browser of one person's own, and what its pages complained of."""

    context: BrowserContext
    page: Page
    url: str
    complaints: list[str] = attrs.field(factory=list)
    expected: list[re.Pattern[str]] = attrs.field(factory=lambda: [REFUSAL])

    def expects(self, complaint: re.Pattern[str]) -> None:
        """Let pages say this: what the test does leads to it."""
        self.expected.append(complaint)

    def open(self, path: str = "") -> Page:
        """Go to a place of the server, such as `gallery`."""
        self.page.goto(f"{self.url}/{path}")
        return self.page

    def sign_in(self, email: str, password: str = PASSWORD) -> Page:
        """Sign in through the form, as people do."""
        page = self.open()
        self.fill_sign_in(email, password)
        expect(page.get_by_role("banner")).to_be_visible()
        return page

    def fill_sign_in(self, email: str, password: str = PASSWORD) -> None:
        """Fill in the form that is there, and send it."""
        self.page.get_by_label("E-mail address").fill(email)
        self.page.locator("input[autocomplete=current-password]").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def listen(self, page: Page) -> None:
        """Keep what a page complains of."""

        def said(message: ConsoleMessage) -> None:
            is_expected = any(each.search(message.text) for each in self.expected)
            if message.type == "error" and not is_expected:
                self.complaints.append(message.text)

        page.on("console", said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def accessible(self) -> None:
        """Assert that axe finds nothing on the page as it stands.

        Animations must have ended: what is half faded in has too little contrast.
        """
        self.page.evaluate(SETTLED)
        if not self.page.evaluate("typeof axe !== 'undefined'"):
            # By the debugger, not by a script element, which the policy rightly refuses.
            self.page.evaluate((UI / "node_modules/axe-core/axe.min.js").read_text())
        found = self.page.evaluate(AXE, TAGS)
        assert not found, "\n".join([self.page.url, *found])


@contextmanager
def window(
    browser: Browser,
    url: str,
    *,
    size: tuple[int, int] = DESKTOP,
    theme: str = "light",
) -> Iterator[Window]:
    """Yield a window without cookies; at its end nothing may have been complained of.

    Args:
        browser: that shows it.
        url: of the server, without a slash at its end.
        size: width and height, CSS pixels.
        theme: `light` or `dark`, as the person's system has it.
    """
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        accept_downloads=True,
    )
    context.set_default_timeout(PATIENCE * 1000)
    context.add_init_script(LISTEN)
    one = Window(context, context.new_page(), url)
    one.listen(one.page)
    try:
        yield one
    finally:
        context.close()
    assert not one.complaints, "\n".join(one.complaints)
