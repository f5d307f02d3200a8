"""One real VS Code and one browser for all end-to-end tests."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from scripts import tools
from scripts.workbench import end_on_signals, workbench
from tests.support.page import OUT, VsCode

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from playwright.sync_api import BrowserContext, Page

    from scripts.workbench import Workbench

CLIENT = tools.ROOT / "vscode-client"
VSIX = CLIENT / "alloclens.vsix"
PLATFORM_VSIX = CLIENT / "alloclens-linux-x64.vsix"


def pytest_configure() -> None:
    end_on_signals()
    expect.set_options(timeout=60_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = f"{Path(__file__).parent}{os.sep}"
    for item in items:
        if str(item.path).startswith(folder):
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def code() -> Iterator[Workbench]:
    """A workbench with the packed extension, whose server is the one of this virtual environment."""
    assert VSIX.exists(), "no VSIX: run `make vsix`"
    server = Path(sysconfig.get_path("scripts")) / "alloclens"
    with workbench(VSIX, {"alloclens.server.command": str(server)}) as running:
        yield running


@pytest.fixture(scope="session")
def unprepared() -> Iterator[Workbench]:
    """A workbench with no setting and no alloclens on PATH."""
    path = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if not Path(p, "alloclens").exists())
    with workbench(VSIX, {}, path) as running:
        yield running


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    with tools.playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("browser"),
            executable_path=tools.chromium(),
            headless=True,
            viewport={"width": 1280, "height": 800},
            args=tools.CHROMIUM_ARGUMENTS,
        )
        yield context
        context.close()


@pytest.fixture
def vscode(code: Workbench, page: Page) -> VsCode:
    """A fresh window."""
    return VsCode(code, page)


@pytest.fixture
def page(browser: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page; a picture of it is kept when the test fails."""
    page = browser.new_page()
    page.set_default_timeout(60_000)
    yield page
    if request.node.stash.get(FAILED, default=False):
        OUT.mkdir(exist_ok=True)
        page.screenshot(path=OUT / f"{request.node.name}.png")
    page.close()


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report
