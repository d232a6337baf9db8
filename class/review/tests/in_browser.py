"""Reviews three answers in a browser as a person does who has no mouse, and looks at the pages; check_review.sh calls it.

    in_browser.py REVIEWER ADDRESS SHOTS TOOLS

REVIEWER: "settled" only gives full points where others differ. ADDRESS: of the page of class review, for the class of small_class.sh. SHOTS: a folder for pictures. TOOLS: tools/pages.
Prints what is wrong, one sentence a line, and what was entered as JSON, a line {"student's pseudonym": …}."""
import json
import os
import sys
import time

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

reviewer, address, shots, tools = sys.argv[1:5]
sys.path.insert(0, tools)
import look  # noqa: E402

wrong = []


def expect(what, is_so):
    if not is_so:
        wrong.append(what)


def press(driver, *keys):
    for key in keys:
        driver.switch_to.active_element.send_keys(key)


def wait_for(driver, what, is_so):
    try:
        WebDriverWait(driver, 10).until(lambda _: is_so())
    except Exception as problem:  # a time-out says nothing of what was waited for
        wrong.append("%s: never came (%s); the page says: %s" % (what, type(problem).__name__, state(driver)))


def state(driver):
    return driver.find_element(By.ID, "state").text


def saved(driver):
    wait_for(driver, "saved", lambda: state(driver).startswith("Saved at"))


def who(driver):
    return driver.find_element(By.CSS_SELECTOR, "header strong").text


def go(driver, key):
    before = driver.current_url
    press(driver, key)
    wait_for(driver, "another answer after " + key, lambda: driver.current_url != before)


def judge(driver):
    """Three answers, by keys alone. What should stand in the file, by pseudonym."""
    entered = {}
    expect("nothing has points yet", driver.find_element(By.ID, "done").text == "0")
    # the first: points, a new comment, a note
    entered[who(driver)] = {"points": [0.25, 0.1], "comments": ["Says why, =SUM(1) and all"], "note": "a, \"note\"\nof two lines"}
    press(driver, "p", "0.25", Keys.ENTER, "0.1", Keys.ENTER, "c", "Says why, =SUM(1) and all", Keys.ENTER)
    wait_for(driver, "the new comment", lambda: driver.find_elements(By.CSS_SELECTOR, "#comments input:checked"))
    press(driver, Keys.ESCAPE, "n", 'a, "note"', Keys.ENTER, "of two lines", Keys.ESCAPE)
    saved(driver)
    expect("letters in a text are no keys", "Says why" in driver.find_element(By.ID, "comments").text)
    go(driver, "j")
    # the second: too many points, then full ones, and the comment by its digit
    entered[who(driver)] = {"points": [0.3, 0.1], "comments": ["Says why, =SUM(1) and all"], "note": ""}
    press(driver, "p", "0.9", Keys.ENTER)
    wait_for(driver, "too many points are refused", lambda: state(driver).startswith("Not saved"))
    at = driver.current_url
    press(driver, "j")
    time.sleep(0.3)
    expect("a page with a wrong number is not left", driver.current_url == at)
    press(driver, Keys.ESCAPE, "f", "1")
    saved(driver)
    go(driver, "u")
    # the third: no points, the comment put on and taken off
    entered[who(driver)] = {"points": [0, 0], "comments": [], "note": ""}
    press(driver, "z", "1")
    wait_for(driver, "the comment is chosen", lambda: driver.find_elements(By.CSS_SELECTOR, "#comments input:checked"))
    press(driver, "1")
    wait_for(driver, "the comment is off", lambda: not driver.find_elements(By.CSS_SELECTOR, "#comments input:checked"))
    saved(driver)
    go(driver, "k")
    expect("what was entered is still there", driver.find_element(By.CSS_SELECTOR, "[data-item]").get_attribute("value") == "0.3")
    return entered


def look_at(driver, name, axe):
    for width in look.WIDTHS:
        for scheme in look.SCHEMES:
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
                "width": width, "height": look.WIDTHS[width], "deviceScaleFactor": 1, "mobile": width < 600})
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
            look.save_shot(driver, os.path.join(shots, "%s-%d-%s.png" % (name, width, scheme)), width)
            for details in driver.find_elements(By.TAG_NAME, "details"):
                driver.execute_script("arguments[0].open = true", details)
            here = driver.execute_script(look.LAYOUT)
            # axe-core comes in through the driver: the page itself lets no script in
            driver.execute_script(open(axe, encoding="utf-8").read())
            found = driver.execute_async_script("const done = arguments[0]; axe.run().then(done);")["violations"]
            here += ["axe: %s: %s: %s" % (one["id"], one["help"], one["nodes"][0]["html"][:160]) for one in found]
            wrong.extend("%s, %d pixels, %s: %s" % (name, width, scheme, sentence) for sentence in here)
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def look_at_all(driver, first, axe):
    """Every answer: nothing that a student wrote may run, be fetched, or name its writer."""
    driver.get(first)
    for place in range(4):
        expect("a script of an answer ran", "broken" not in driver.title and not driver.find_elements(By.CSS_SELECTOR, "article script, article img"))
        expect("a link of an answer runs a script", not driver.find_elements(By.CSS_SELECTOR, "article a[href^='javascript']"))
        text = driver.find_element(By.TAG_NAME, "body").text
        expect("an answer names its writer: " + text, not any(name in text for name in ("Lovelace", "example.org", "ada@")))
        look_at(driver, "answer-%d" % place, axe)
        if driver.find_elements(By.CSS_SELECTOR, "a#next"):
            go(driver, "j")


def settle(driver, axe):
    """The two answers about which others differ."""
    for place in range(2):
        text = driver.find_element(By.ID, "judgement").text
        expect("what the others gave is not shown: " + text, "alice:" in text and "ben:" in text)
        press(driver, "f")
        saved(driver)
        look_at(driver, "settled-%d" % place, axe)
        if place == 0:
            go(driver, "u")
    expect("there are more than two", not driver.find_elements(By.CSS_SELECTOR, "a#open"))


def finish():
    for sentence in wrong:
        print("wrong: " + sentence)
    return 1 if wrong else 0


def main():
    driver, axe = look.browser(), look.newest_axe()
    try:
        driver.get(address)
        look_at(driver, "questions", axe)
        driver.find_element(By.PARTIAL_LINK_TEXT, "Q2").send_keys(Keys.ENTER)
        wait_for(driver, "the first answer", lambda: driver.find_elements(By.ID, "judgement"))
        first = driver.current_url
        if reviewer == "settled":
            settle(driver, axe)
            return finish()
        entered = judge(driver)
        look_at_all(driver, first, axe)
        driver.get(address)
        expect("the list counts three of four: " + driver.find_element(By.TAG_NAME, "table").text,
               "3 of 4" in driver.find_element(By.TAG_NAME, "table").text)
        severe = [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
        expect("the browser complains: %s" % severe, not severe)
        driver.find_element(By.ID, "stop").send_keys(Keys.ENTER)
        wait_for(driver, "the end", lambda: "has ended" in state(driver))
        print(json.dumps(entered))
    finally:
        driver.quit()
    return finish()


if __name__ == "__main__":
    sys.exit(main())
