"""Looks at pages in a browser as people do: on a phone and on a wide screen, light and dark, on paper, and with axe-core for
those who don't see them. tools/check_pages calls it.

    look.py [--shots FOLDER] [--pages MOST] REPORT.html ...

Prints a line for each page and one for each thing that is wrong; exit status 1 if anything is."""
import argparse
import base64
import io
import os
import site
import sys

import pypdf
from axe_selenium_python import Axe
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

WIDTHS = {390: 844, 1280: 900}
SCHEMES = ("light", "dark")
SMALLEST_FONT = 12  # CSS pixels, of text
NARROWEST = 12  # characters in a line, of text that has more
SHORTEST_WORDS = 20  # characters that say what a picture shows

# Everything here is found by the browser itself: each returns a list of sentences, empty if all is well.
LAYOUT = """
const wrong = [], smallest = %d, narrowest = %d;
const root = document.documentElement;
if (root.scrollWidth > innerWidth) {
  const wide = [...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 &&
    !e.parentElement.closest("figure, .wide, pre.columns, caption, .skip"));
  wrong.push(`the page is ${root.scrollWidth} wide: ` + wide.slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join(" … "));
}
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const narrow = new Set();
while (walker.nextNode()) {
  const text = walker.currentNode, of = text.parentElement;
  if (!text.data.trim() || !of.checkVisibility() || of.closest("caption, thead, .skip, svg")) continue;
  const style = getComputedStyle(of), size = parseFloat(style.fontSize);
  if (size < smallest) wrong.push(`text of ${size} pixels: ${text.data.trim().slice(0, 60)}`);
  let block = of;
  while (getComputedStyle(block).display.startsWith("inline")) block = block.parentElement;
  const inside = getComputedStyle(block);
  const width = block.clientWidth - parseFloat(inside.paddingLeft) - parseFloat(inside.paddingRight);
  if (block.innerText.length > narrowest && width < narrowest * size / 2 && style.whiteSpace != "nowrap" && !block.closest(".wide"))
    narrow.add(block);
}
for (const block of narrow) wrong.push(`a column of ${block.clientWidth} pixels: ${block.innerText.slice(0, 60)}`);
for (const cell of document.querySelectorAll("td.points")) {
  const range = document.createRange();
  range.selectNodeContents(cell);
  if (range.getClientRects().length > 1) wrong.push(`points in two lines: ${cell.innerText}`);
}
return wrong;
""" % (SMALLEST_FONT, NARROWEST)

COLUMNS = """
const edges = [...document.querySelectorAll("table.checks")].map(table =>
  [...table.querySelectorAll("tbody tr")].slice(0, 1).flatMap(row => [...row.children].map(cell => Math.round(cell.getBoundingClientRect().left))).join(" "));
return new Set(edges).size > 1 ? ["the columns of the tables of checks don't align: " + [...new Set(edges)].join("; ")] : [];
"""

STRUCTURE = """
const wrong = [], shortest = %d;
for (const link of document.querySelectorAll("a[href]")) {
  const to = link.getAttribute("href");
  if (!to.startsWith("#")) continue;
  const target = document.getElementById(to.slice(1));
  if (!target) wrong.push(`a link leads nowhere: ${to}`);
}
const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
for (const id of new Set(ids)) if (ids.filter(other => other == id).length > 1) wrong.push(`two places are called ${id}`);
for (const image of document.images) {
  if (!image.complete || !image.naturalWidth) wrong.push(`a picture that can't be shown: ${image.alt}`);
  if (image.alt.length < shortest) wrong.push(`a picture's words say little: "${image.alt}"`);
}
for (const name of ["header", "nav", "main", "footer"])
  if (document.querySelectorAll("body > " + name).length != 1) wrong.push(`not one ${name}`);
// A script may run where the page's own policy names it by its sum, as class.html does; tools/pages/sort.py clicks on that.
const policy = document.querySelector('meta[http-equiv="Content-Security-Policy"]')?.content ?? "";
if (document.scripts.length > (/script-src 'sha256-[^']+'$/.test(policy) ? 1 : 0)) wrong.push("there is a script");
for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6"))
  if (!heading.innerText.trim() && heading.checkVisibility()) wrong.push("an empty heading");
return wrong;
""" % SHORTEST_WORDS

# A link into what is folded unfolds it.
FOLDED = """
const wrong = [];
for (const details of document.querySelectorAll("details:not([open])")) {
  const place = details.querySelector("[id]"), link = place && document.querySelector(`a[href="#${place.id}"]`);
  if (!link) continue;
  link.click();
  await new Promise(resolve => setTimeout(resolve, 50));
  if (!details.open) wrong.push(`a link to ${place.id} does not unfold it`);
  break;
}
return wrong;
"""


def newest_axe():
    """The newest axe-core among the packages that bring one."""
    places = site.getsitepackages()
    for package in ("axe_playwright_python", "axe_selenium_python/node_modules/axe-core"):
        for place in places:
            script = os.path.join(place, package, "axe.min.js")
            if os.path.exists(script):
                return script
    return None


def browser():
    options = Options()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.binary_location = os.environ["CHROMIUM"]
    driver = webdriver.Chrome(options=options, service=Service(os.environ["CHROMEDRIVER"]))
    driver.set_script_timeout(120)
    return driver


def show(driver, page, width, scheme):
    command = driver.execute_cdp_cmd
    command("Emulation.setDeviceMetricsOverride",
            {"width": width, "height": WIDTHS[width], "deviceScaleFactor": 1, "mobile": width < 600})
    command("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    driver.get("file://" + os.path.abspath(page))


def axe_findings(driver, script):
    axe = Axe(driver, script_url=script)
    axe.inject()
    found = []
    for violation in axe.run()["violations"]:
        for node in violation["nodes"][:3]:
            found.append("axe: %s: %s: %s" % (violation["id"], violation["help"], node["html"][:160]))
    return found


def paper(driver, most, shot):
    """What is wrong with the page on paper."""
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    printed = driver.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": False,
                                                         "preferCSSPageSize": True})
    content = base64.b64decode(printed["data"])
    if shot:
        with open(shot + ".pdf", "wb") as file:
            file.write(content)
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    wrong = ["%d pages on paper, more than %d" % (len(pages), most)] if len(pages) > most else []
    headings = driver.execute_script("""return [...document.querySelectorAll("h2, h3, h4, details[open] > summary, thead")]
        .map(heading => heading.innerText.replace(/\\s+/g, " ").trim()).filter(text => text)""")
    headings = {squeezed(text) for text in headings}
    for number, page in enumerate(pages[:-1], 1):
        lines = [squeezed(line) for line in page.extract_text().splitlines() if line.strip()]
        if lines and lines[-1] in headings:
            wrong.append("page %d ends with a heading: %s" % (number, lines[-1]))
    return len(pages), wrong


def squeezed(text):
    return "".join(text.split()).lower()


def look_at(driver, page, most, shots, axe):
    wrong, backgrounds = [], set()
    name = os.path.basename(os.path.dirname(os.path.abspath(page)))
    shot = os.path.join(shots, name) if shots else None
    for width in WIDTHS:
        for scheme in SCHEMES:
            show(driver, page, width, scheme)
            if shot:
                save_shot(driver, "%s-%d-%s.png" % (shot, width, scheme), width)
            backgrounds.add((scheme, driver.execute_script("return getComputedStyle(document.body).backgroundColor")))
            # also what is folded
            driver.execute_script("for (const details of document.querySelectorAll('details')) details.open = true")
            here = driver.execute_script(LAYOUT) + driver.execute_script(COLUMNS)
            here += driver.execute_script(STRUCTURE) + axe_findings(driver, axe)
            wrong += ["%d pixels, %s: %s" % (width, scheme, sentence) for sentence in here]
    if len({colour for _, colour in backgrounds}) != len(SCHEMES):
        wrong.append("dark is not another colour than light: %s" % backgrounds)
    show(driver, page, 1280, "light")
    pages, here = paper(driver, most, shot)
    wrong += here + driver.execute_async_script(
        "const done = arguments[0]; (async () => {%s})().then(done);" % FOLDED)
    return pages, wrong


def save_shot(driver, path, width):
    height = min(driver.execute_script("return document.documentElement.scrollHeight"), 16000)
    picture = driver.execute_cdp_cmd("Page.captureScreenshot", {
        "captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}})
    with open(path, "wb") as file:
        file.write(base64.b64decode(picture["data"]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shots", help="a folder for pictures of all pages")
    parser.add_argument("--pages", type=int, default=14, help="most pages on paper")
    parser.add_argument("reports", nargs="+")
    arguments = parser.parse_args()
    if arguments.shots:
        os.makedirs(arguments.shots, exist_ok=True)
    driver, axe, failed = browser(), newest_axe(), 0
    try:
        for report in arguments.reports:
            pages, wrong = look_at(driver, report, arguments.pages, arguments.shots, axe)
            failed += bool(wrong)
            print("%s: %d pages on paper, %s" % (report, pages, "%d things are wrong" % len(wrong) if wrong else "all is well"),
                  flush=True)
            for sentence in wrong:
                print("    " + sentence, flush=True)
    finally:
        driver.quit()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
