"""What holds for all tests."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Self

import pytest
from hypothesis import settings

# Machines that run tests are shared, and files and first calls of kernels are slow at times; a
# deadline for each example would fail by chance.
settings.register_profile("geocolor", deadline=None)
settings.load_profile("geocolor")


class Overtime:
    """The processor time that a block takes beyond a limit in seconds by the clock.

    The clock itself would say how long a process waited for its turn, with other tests beside it.
    """

    def __init__(self, limit: float) -> None:
        self.seconds = 0.0
        self._noted: float | None = None
        self._alarm = threading.Timer(limit, self._note)
        self._alarm.daemon = True

    def _note(self) -> None:
        self._noted = time.process_time()

    def __enter__(self) -> Self:
        self._alarm.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._alarm.cancel()
        if self._noted is not None:
            self.seconds = time.process_time() - self._noted


@pytest.fixture
def overtime() -> type[Overtime]:
    """Measures, for a test of a limit, what is used beyond it."""
    return Overtime


_QUIET = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--window-size=1200,900", "about:blank"),
)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A real Chromium."""
    webdriver = pytest.importorskip("selenium.webdriver")
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        message = "no chromium with chromedriver on this machine"
        if os.environ.get("GEOCOLOR_REQUIRE_BROWSER"):
            pytest.fail(message)
        pytest.skip(message)
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*_QUIET, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(chromedriver)
    browser = webdriver.Chrome(options=options, service=service)
    yield browser
    browser.quit()


@pytest.fixture
def drain(driver: Any) -> Callable[[], tuple[list[str], list[str]]]:
    """Gives what the browser wrote to its console, and what it asked for, since the last call."""

    def taken() -> tuple[list[str], list[str]]:
        console = [entry["message"] for entry in driver.get_log("browser")]
        log = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
        requests = [
            event["params"]["request"]["url"].partition("#")[0]
            for event in log
            if event["method"] == "Network.requestWillBeSent"
            # Nor what the page itself holds, nor what the browser's own pages ask for.
            and not event["params"]["request"]["url"].startswith("data:")
            and event["params"]["documentURL"].startswith("file:")
        ]
        return console, requests

    return taken


@pytest.fixture
def tiny_llama() -> Callable[..., Any]:
    """Builds Llamas of four layers whose norms have scales and whose predictions have a shape."""
    transformers = pytest.importorskip("transformers")
    import torch  # not at the top: the solvers' tests never load it

    def build(seed: int = 0, **changes: Any) -> Any:
        shape = {
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "vocab_size": 61,
            "max_position_embeddings": 64,
        }
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(seed)
            model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**(shape | changes)))
            for parameter in model.parameters():
                if parameter.ndim == 1:
                    parameter.uniform_(0.5, 1.5)
                else:
                    parameter.normal_(std=0.2)
        return model.eval()

    return build
