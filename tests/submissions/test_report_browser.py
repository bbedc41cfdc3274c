"""The report in a real browser, where one is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.submissions.report_inputs import build_everything

pytestmark = pytest.mark.slow

WIDTHS = (360, 390, 1280)
MEASURE = """<!DOCTYPE html><title>frame</title><pre></pre><script>
const measured = [];
for (const width of [%s]) {
  const frame = document.createElement("iframe");
  frame.src = "report.html";
  frame.style = `width: ${width}px; height: 800px; border: 0`;
  frame.onload = () => {
    const page = frame.contentDocument;
    const root = page.documentElement;
    const regions = [...page.querySelectorAll(".scroll")];
    const wider = regions.filter((each) => each.scrollWidth > each.clientWidth).length;
    const pictures = [...page.querySelectorAll("svg")].map((each) => each.getBoundingClientRect());
    const small = pictures.filter((each) => each.width < 600 || each.height < 200).length;
    measured.push(`${width}:${root.scrollWidth - root.clientWidth}:${wider}:${small}`);
    document.querySelector("pre").textContent = measured.sort().join(" ");
  };
  document.body.append(frame);
}
</script>"""


@pytest.fixture(scope="module")
def browser() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
    if found is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    return found


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    path = folder / "report.html"
    path.write_text(build_everything(folder / "results"), encoding="utf-8")
    return path


def _browse(browser: str, page: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",  # which it refuses to do without as root, as in containers
            "--disable-gpu",
            "--hide-scrollbars",
            "--enable-logging=stderr",
            "--v=0",
            f"--user-data-dir={page.parent / 'profile'}",
            *options,
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


def _background(picture: Path) -> tuple[int, ...]:
    from PIL import Image

    with Image.open(picture) as image:
        return tuple(image.convert("RGB").getpixel((3, 3)))


@pytest.mark.parametrize(("scheme", "paper"), [(1, (255, 255, 255)), (0, (22, 25, 29))])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_is_drawn_without_a_complaint(
    browser: str, report: Path, tmp_path: Path, width: int, scheme: int, paper: tuple[int, ...]
) -> None:
    picture = tmp_path / "page.png"
    result = _browse(
        browser,
        report,
        f"--blink-settings=preferredColorScheme={scheme}",
        f"--window-size={width},2000",
        f"--screenshot={picture}",
    )
    assert "CONSOLE" not in result.stderr
    assert _background(picture) == paper


def test_the_check_above_sees_complaints(browser: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    policy = "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\">"
    page.write_text(f"<!DOCTYPE html>{policy}<img src='data:image/png;base64,AAAA'>")
    assert "CONSOLE" in _browse(browser, page, "--dump-dom").stderr


def test_only_regions_scroll_sideways(browser: str, report: Path) -> None:
    page = report.with_name("frame.html")
    page.write_text(MEASURE % ", ".join(map(str, WIDTHS)))
    dom = _browse(
        browser, page, "--allow-file-access-from-files", "--virtual-time-budget=20000", "--dump-dom"
    ).stdout
    found = re.search(r"<pre>([\d: -]+)</pre>", dom)
    assert found is not None
    measured = {int(each.split(":")[0]): each.split(":")[1:] for each in found[1].split()}
    assert {width: values[0] for width, values in measured.items()} == dict.fromkeys(WIDTHS, "0")
    assert int(measured[360][1]) > int(measured[1280][1])
    assert {values[2] for values in measured.values()} == {"0"}
