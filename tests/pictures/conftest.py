"""The pictures in a real browser, on pages whose policy is as strict as those of VS Code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts import tools
from tests.pictures.page import Picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = f"{Path(__file__).parent}{os.sep}"
    for item in items:
        if str(item.path).startswith(folder):
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def browser() -> Iterator[BrowserContext]:
    with tools.playwright() as driver:
        browser = driver.chromium.launch(executable_path=tools.chromium(), args=tools.CHROMIUM_ARGUMENTS)
        yield browser.new_context(viewport={"width": 1000, "height": 700})
        browser.close()


@pytest.fixture
def picture(browser: BrowserContext) -> Iterator[Picture]:
    """A fresh page that has drawn nothing yet. Whatever it complains of in its console fails the test."""
    page = browser.new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield Picture(page)
    page.close()
    assert complaints == []
