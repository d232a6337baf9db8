"""Uses class.html as people do: sorts by clicking and with the keyboard, filters, and reads it without the script.

    click.py CLASS.html ...

tools/pages/look.py has looked at it before. Exit status 1, with a line for each thing, if anything is wrong."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "tools", "pages"))
from look import browser, show  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

TABLE = "return [...document.querySelectorAll('table.sorted')].find(table => table.caption.textContent == 'Everybody')"


def column(driver, table, number):
    return driver.execute_script("return [...arguments[0].tBodies[0].rows].map(row => row.cells[arguments[1]].textContent.trim())",
                                 table, number)


def value(text):
    try:
        return float(text.rstrip(" *"))
    except ValueError:
        return float("-inf")


def check_sorting(driver):
    wrong, table = [], driver.execute_script(TABLE)
    headings = table.find_elements("css selector", "thead th")
    last = len(headings) - 2  # the sum of points
    before = column(driver, table, 1)
    button = headings[last].find_element("css selector", "button")
    for direction, reverse in (("descending", True), ("ascending", False)):
        button.click()
        found = [value(text) for text in column(driver, table, last)]
        if headings[last].get_attribute("aria-sort") != direction or found != sorted(found, reverse=reverse):
            wrong.append("a click does not sort numbers: %s" % direction)
    if sorted(column(driver, table, 1)) != sorted(before):
        wrong.append("sorting loses rows")
    button = headings[1].find_element("css selector", "button")
    button.send_keys(Keys.ENTER)
    if headings[1].get_attribute("aria-sort") != "ascending" or column(driver, table, 1) != sorted(before):
        wrong.append("the enter key does not sort text")
    if headings[last].get_attribute("aria-sort"):
        wrong.append("two columns say that they are sorted by")
    button.send_keys(Keys.SPACE)
    if column(driver, table, 1) != sorted(before, reverse=True):
        wrong.append("the space key does not sort the other way round")
    return wrong


def check_filter(driver):
    wrong, table = [], driver.execute_script(TABLE)
    box = driver.find_element("css selector", "#filter input")
    rows = driver.execute_script("return [...arguments[0].tBodies[0].rows].map(row => row.textContent.toLowerCase())", table)
    for words in ("number 1", "s0003", "nobody has this"):
        box.clear()
        box.send_keys(words)
        shown = driver.execute_script("return [...arguments[0].tBodies[0].rows].filter(row => row.checkVisibility()).length", table)
        due = sum(all(word in row for word in words.split()) for row in rows)
        said = driver.find_element("css selector", "#filter [role=status]").text
        if shown != due or not said.startswith("%d of %d" % (due, len(rows))):
            wrong.append("%d rows are shown for \"%s\", %d have these words; the page says: %s" % (shown, words, due, said))
    return wrong


def check_without_script(driver, page):
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    show(driver, page, 1280, "light")
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    buttons = driver.find_elements("css selector", "button, #filter input")
    rows = driver.execute_script(TABLE).find_elements("css selector", "tbody tr")
    return ["without the script there are buttons that do nothing"] if buttons else [] if rows else ["without the script there are no rows"]


def check_links(driver):
    """Relative ones lead to files."""
    links = driver.execute_script("return [...document.querySelectorAll('main a[href]')].map(link => link.href)")
    return ["a link leads nowhere: " + link for link in links
            if link.startswith("file://") and "#" not in link and not os.path.exists(link[len("file://"):])][:3]


def main():
    driver, failed = browser(), 0
    try:
        for page in sys.argv[1:]:
            show(driver, page, 1280, "light")
            wrong = check_sorting(driver) + check_filter(driver) + check_links(driver)
            if driver.title == "taken":
                wrong.append("what a student wrote ran as a script")
            wrong += check_without_script(driver, page)
            failed += bool(wrong)
            print("%s: sorted and filtered, %s" % (page, "%d things are wrong" % len(wrong) if wrong else "all is well"))
            for sentence in wrong:
                print("    " + sentence)
    finally:
        driver.quit()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
