"""Three engines driven alike: Chromium, Firefox and WebKit, each by what it speaks itself, with no driver to download.

Chromium is driven by Playwright; Firefox by WebDriver BiDi, which it serves itself; WebKit by WebDriver's HTTP, which
``WebKitWebDriver`` serves for its own small browser. What a person does (a pointer, keys, files) is the browser's own
input, never a call of ``click()``; what is looked for is looked for in the page.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

PATIENCE = 30  # seconds; a busy machine is slow, not wrong
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "ArrowLeft": "\ue012", "ArrowRight": "\ue014", "Tab": "\ue004"}

# Where an element can be pressed: its middle, once it is in sight with nothing else on top of it.
STILL = 4  # looks, a tenth of a second apart, at which a thing is in the same place: a busy machine scrolls in jerks
PLACE = """(selector) => {
  const node = [...document.querySelectorAll(selector)].find((each) => each.getClientRects().length);
  if (!node) return null;
  const { top: above, bottom: below } = node.getBoundingClientRect();
  if (above < 60 || below > innerHeight - 60) node.scrollIntoView({ block: "center", behavior: "instant" });
  const box = node.getBoundingClientRect();
  const [x, y] = [box.left + box.width / 2, box.top + Math.min(box.height, innerHeight) / 2];
  const top = document.elementFromPoint(x, y);
  const free = top && (node.contains(top) || top.contains(node) || node.closest("label")?.contains(top));
  return free ? [Math.round(x), Math.round(y)] : null;
}"""


# Firefox says no more than this of what is thrown and is no Error, even if it is a promise that ends with its page. So
# the page tells what it is, as long as it is there.
THROWN = "uncaught exception: Object"
TELL_THROWN = """() => {
  let left = false;
  const tell = (thrown) => {
    const strange = typeof thrown === "object" && thrown !== null && !(thrown instanceof Error);
    if (strange && !left) console.error("This was thrown:", JSON.stringify(thrown));
  };
  addEventListener("beforeunload", () => { left = true; });
  addEventListener("error", (event) => tell(event.error));
  addEventListener("unhandledrejection", (event) => tell(event.reason));
}"""


class Engine(ABC):
    """A browser with one page.

    Attributes:
        name: what it is called in tests.
        version: as it says itself.
        errors: what went wrong in the page since the last ``clear``.
        downloads: where it puts the files that a page hands out.
    """

    name = ""
    version = ""
    downloads: Path
    errors: list[str]

    @abstractmethod
    def open(self, url: str) -> None:
        """Go to an address, and wait until its document is loaded."""

    @abstractmethod
    def run(self, function: str, *given: Any) -> Any:
        """Call a JavaScript function in the page; arguments and result are JSON."""

    @abstractmethod
    def pointer(self, x: int, y: int, press: bool) -> None:
        """Move the pointer there, and press its button if asked to."""

    @abstractmethod
    def key(self, key: str) -> None:
        """Press a key: a character, or a name of KEYS."""

    @abstractmethod
    def upload(self, selector: str, path: Path) -> None:
        """Give a file to an ``<input type=file>``."""

    @abstractmethod
    def resize(self, width: int, height: int) -> None:
        """Make the window's inside so large."""

    @abstractmethod
    def picture(self) -> bytes:
        """What is in the window, as a PNG."""

    @abstractmethod
    def close(self) -> None:
        """End it."""

    def collect(self) -> list[str]:
        """What went wrong until now."""
        return self.errors

    def wait(self, function: str, *given: Any) -> Any:
        """Wait until a JavaScript function returns something true, and return that."""
        until = time.monotonic() + PATIENCE
        while not (found := self.run(function, *given)):
            if time.monotonic() > until:
                raise AssertionError(f"{self.name}: still not so after {PATIENCE} s: {function} {given}")
            time.sleep(0.05)
        return found

    def see(self, selector: str) -> None:
        """Wait until it can be seen."""
        seen = "(selector) => [...document.querySelectorAll(selector)].some((each) => each.getClientRects().length)"
        self.wait(seen, selector)

    def place(self, selector: str) -> tuple[int, int]:
        """Where it can be pressed, once it stands still."""
        looks = [self.wait(PLACE, selector)]
        while len(looks) < STILL or any(look != looks[-1] for look in looks[-STILL:]):
            time.sleep(0.1)
            looks.append(self.wait(PLACE, selector))
        return looks[-1][0], looks[-1][1]

    def click(self, selector: str) -> None:
        """Press what a person would press."""
        self.pointer(*self.place(selector), press=True)

    def hover(self, selector: str) -> None:
        """Point at it."""
        self.pointer(*self.place(selector), press=False)

    def text(self, selector: str) -> str:
        """Its words, once it has any."""
        return self.wait("(selector) => document.querySelector(selector)?.textContent.trim()", selector)

    def file(self, name: str) -> bytes:
        """A file that the page has handed out."""
        until = time.monotonic() + PATIENCE
        while not (found := [path for path in self.downloads.glob(name) if path.stat().st_size]):
            if time.monotonic() > until:
                raise AssertionError(f"{self.name}: no {name} among {[each.name for each in self.downloads.iterdir()]}")
            time.sleep(0.05)
        return found[0].read_bytes()


class Missing(Exception):
    """An engine that is not on this machine."""


class Chromium(Engine):
    """Whichever Chromium there is, by Playwright."""

    name = "chromium"

    def __init__(self, folder: Path) -> None:
        try:
            from playwright.sync_api import sync_playwright
        except ImportError as error:
            raise Missing("needs playwright: pip install -r requirements-test.txt") from error
        self.playwright = sync_playwright().start()
        names = ("chromium", "chromium-browser", "google-chrome")
        places = (self.playwright.chromium.executable_path, *map(shutil.which, names))
        program = next((place for place in places if place and Path(place).exists()), None)
        if program is None:
            self.playwright.stop()
            raise Missing("needs Chromium: make browsers")
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        self.browser = self.playwright.chromium.launch(executable_path=program, args=root, timeout=120_000)
        self.version, self.errors, self.downloads = self.browser.version, [], folder
        self.page = self.browser.new_page(locale="en-GB", viewport={"width": 1280, "height": 900})
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: said.type == "error" and self.errors.append(said.text))
        self.handed: list[Any] = []
        self.page.on("download", lambda each: self.handed.append(each))

    def open(self, url: str) -> None:
        self.page.goto(url)

    def run(self, function: str, *given: Any) -> Any:
        self.page.wait_for_timeout(1)  # so that Playwright hands over what has happened
        return self.page.evaluate(f"(given) => ({function})(...given)", list(given))

    def pointer(self, x: int, y: int, press: bool) -> None:
        self.page.mouse.move(x, y)
        if press:
            self.page.mouse.click(x, y)

    def key(self, key: str) -> None:
        self.page.keyboard.press("Space" if key == " " else key)

    def upload(self, selector: str, path: Path) -> None:
        self.page.locator(selector).set_input_files(path)

    def resize(self, width: int, height: int) -> None:
        self.page.set_viewport_size({"width": width, "height": height})

    def picture(self) -> bytes:
        return self.page.screenshot()

    def file(self, name: str) -> bytes:
        until = time.monotonic() + PATIENCE
        while not list(self.downloads.glob(name)) and time.monotonic() < until:
            self.page.wait_for_timeout(50)
            while self.handed:  # it is we who are to save it
                download = self.handed.pop()
                download.save_as(self.downloads / download.suggested_filename)
        return super().file(name)

    def close(self) -> None:
        self.browser.close()
        self.playwright.stop()


class Firefox(Engine):
    """Firefox, by the WebDriver BiDi that it serves itself."""

    name = "firefox"
    PREFERENCES: ClassVar[dict[str, Any]] = {
        "browser.download.folderList": 2,
        "browser.download.alwaysOpenPanel": False,
        "browser.shell.checkDefaultBrowser": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "app.update.disabledForTesting": True,
        "browser.aboutwelcome.enabled": False,
        "intl.accept_languages": "en-GB, en",
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
    }

    def __init__(self, folder: Path) -> None:
        program = shutil.which("firefox-esr") or shutil.which("firefox")
        if program is None:
            raise Missing("needs Firefox: make browsers")
        try:
            from websocket import create_connection
        except ImportError as error:
            raise Missing("needs websocket-client: pip install -r requirements-test.txt") from error
        self.errors, self.downloads, self.numbers = [], folder, 0
        profile = folder.with_name(f"{folder.name}-profile")
        profile.mkdir()
        preferences = self.PREFERENCES | {"browser.download.dir": str(folder)}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items()]
        (profile / "user.js").write_text("\n".join(lines))
        arguments = ["--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(
            [program, *arguments, "about:blank"], env=os.environ | {"HOME": str(profile)}, **quiet
        )
        told = profile / "WebDriverBiDiServer.json"
        until = time.monotonic() + 2 * PATIENCE
        while not (told.is_file() and told.read_text().endswith("}")):
            if time.monotonic() > until or self.process.poll() is not None:
                self.process.kill()
                raise AssertionError("Firefox did not start")
            time.sleep(0.05)
        server = json.loads(told.read_text())
        address = f"ws://{server['ws_host']}:{server['ws_port']}/session"
        self.socket = create_connection(address, timeout=2 * PATIENCE, suppress_origin=True)
        self.version = self.ask("session.new", capabilities={})["capabilities"]["browserVersion"]
        self.ask("session.subscribe", events=["log.entryAdded"])
        self.ask("script.addPreloadScript", functionDeclaration=TELL_THROWN)
        self.context = self.ask("browsingContext.getTree")["contexts"][0]["context"]
        self.resize(1280, 900)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its answer; what is told in between is noted."""
        self.numbers += 1
        self.socket.send(json.dumps({"id": self.numbers, "method": method, "params": parameters}))
        while (told := json.loads(self.socket.recv())).get("id") != self.numbers:
            entry = told.get("params", {}) if told.get("method") == "log.entryAdded" else {}
            if entry.get("level") == "error" and entry["text"] != THROWN:
                self.errors.append(entry["text"])
        if told["type"] == "error":
            raise RuntimeError(f"{method}: {told['error']}: {told['message']}")
        return told["result"]

    def open(self, url: str) -> None:
        self.ask("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def run(self, function: str, *given: Any) -> Any:
        done = self.ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({function})(...{json.dumps(given)}) ?? null))()",
            target={"context": self.context},
            awaitPromise=True,
        )
        if done["type"] == "exception":
            raise RuntimeError(done["exceptionDetails"]["text"])
        return json.loads(done["result"]["value"])

    def act(self, kind: str, *actions: dict[str, Any]) -> None:
        """Input of a kind."""
        source = {"type": kind, "id": kind, "actions": list(actions)}
        self.ask("input.performActions", context=self.context, actions=[source])

    def pointer(self, x: int, y: int, press: bool) -> None:
        pressed = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}] if press else []
        self.act("pointer", {"type": "pointerMove", "x": x, "y": y}, *pressed)

    def key(self, key: str) -> None:
        value = KEYS.get(key, key)
        self.act("key", {"type": "keyDown", "value": value}, {"type": "keyUp", "value": value})

    def upload(self, selector: str, path: Path) -> None:
        found = self.ask(
            "browsingContext.locateNodes", context=self.context, locator={"type": "css", "value": selector}
        )
        element = {"sharedId": found["nodes"][0]["sharedId"]}
        self.ask("input.setFiles", context=self.context, element=element, files=[str(path)])

    def resize(self, width: int, height: int) -> None:
        self.ask("browsingContext.setViewport", context=self.context, viewport={"width": width, "height": height})

    def picture(self) -> bytes:
        return base64.b64decode(self.ask("browsingContext.captureScreenshot", context=self.context)["data"])

    def close(self) -> None:
        self.socket.close()
        self.process.terminate()
        self.process.wait(PATIENCE)


class WebKit(Engine):
    """WebKitGTK's small browser on a screen of its own, by the WebDriver that comes with it."""

    name = "webkit"
    SCREEN = "1600x1400x24"

    def __init__(self, folder: Path) -> None:
        for program, package in (("WebKitWebDriver", "webkit2gtk-driver"), ("Xvfb", "xvfb")):
            if shutil.which(program) is None:
                raise Missing(f"needs {package}: make browsers")
        self.downloads, self.errors = folder, []
        home = folder.with_name(f"{folder.name}-home")
        (home / ".config").mkdir(parents=True)
        (home / ".config" / "user-dirs.dirs").write_text(f'XDG_DOWNLOAD_DIR="{folder}"\n')
        reading, writing = os.pipe()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        screen = ["Xvfb", "-displayfd", str(writing), "-screen", "0", self.SCREEN, "-nolisten", "tcp"]
        self.screen = subprocess.Popen(screen, pass_fds=[writing], **quiet)
        os.close(writing)
        with os.fdopen(reading) as told:
            display = f":{told.readline().strip()}"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.log = home / "console.log"
        environment = os.environ | {
            "DISPLAY": display,
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "LANG": "C.UTF-8",
            "LANGUAGE": "en_GB",
            "NO_AT_BRIDGE": "1",
            "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
            **({"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"} if os.geteuid() == 0 else {}),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["WebKitWebDriver", f"--port={port}", "--host=127.0.0.1"],
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.address = f"http://127.0.0.1:{port}/session"
        until = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        options = {"args": ["--automation", "--enable-write-console-messages-to-stdout=true"], "binary": self.browser()}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        session = self.ask("POST", "", capabilities=wanted)
        self.address += f"/{session['sessionId']}"
        self.version = self.find_version(session["capabilities"])
        self.resize(1280, 900)

    @staticmethod
    def browser() -> str:
        """The small browser; where it lies depends on the distribution."""
        found = sorted(Path("/usr").glob("lib*/**/webkit2gtk-4*/MiniBrowser"))
        if not found:
            raise Missing("needs WebKitGTK's MiniBrowser: make browsers")
        return str(found[-1])

    @staticmethod
    def find_version(capabilities: dict[str, Any]) -> str:
        """WebKitGTK's version; its small browser gives the driver none."""
        told = subprocess.run(["WebKitWebDriver", "--version"], capture_output=True, text=True).stdout
        found = re.search(r"\d[\d.]+", told)
        return found[0] if found else capabilities.get("browserVersion", "")

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """One command and its answer."""
        data = json.dumps(body).encode() if method == "POST" else None
        request = urllib.request.Request(
            f"{self.address}{path}", data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=2 * PATIENCE) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.read().decode()}") from error

    def open(self, url: str) -> None:
        self.ask("POST", "/url", url=url)

    def run(self, function: str, *given: Any) -> Any:
        script = f"return ({function})(...arguments)"
        return self.ask("POST", "/execute/sync", script=script, args=list(given))

    def act(self, kind: str, *actions: dict[str, Any]) -> None:
        """Input of a kind."""
        self.ask("POST", "/actions", actions=[{"type": kind, "id": kind, "actions": list(actions)}])

    def pointer(self, x: int, y: int, press: bool) -> None:
        pressed = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}] if press else []
        self.act("pointer", {"type": "pointerMove", "x": x, "y": y, "duration": 0}, *pressed)

    def key(self, key: str) -> None:
        value = KEYS.get(key, key)
        self.act("key", {"type": "keyDown", "value": value}, {"type": "keyUp", "value": value})

    def upload(self, selector: str, path: Path) -> None:
        found = self.ask("POST", "/element", using="css selector", value=selector)
        self.ask("POST", f"/element/{next(iter(found.values()))}/value", text=str(path))

    def resize(self, width: int, height: int) -> None:
        for _ in range(3):  # what the browser has around its page is not known before
            inside = self.run("() => [innerWidth, innerHeight]")
            if inside == [width, height]:
                return
            rect = self.ask("GET", "/window/rect")
            wanted = rect["width"] + width - inside[0], rect["height"] + height - inside[1]
            self.ask("POST", "/window/rect", x=0, y=0, width=wanted[0], height=wanted[1])
            time.sleep(0.2)

    def picture(self) -> bytes:
        return base64.b64decode(self.ask("GET", "/screenshot"))

    def collect(self) -> list[str]:
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if re.match(r"CONSOLE \w+ ERROR", line) or "Unhandled Promise" in line]

    def close(self) -> None:
        try:
            self.ask("DELETE", "")
        finally:
            self.process.terminate()
            self.process.wait(PATIENCE)
            self.screen.terminate()
            self.screen.wait(PATIENCE)


ENGINES = {engine.name: engine for engine in (Chromium, Firefox, WebKit)}
