"""Reads class.html with python3's own reader of HTML, and counts everything itself from the folder of the class.

    check_html.py CLASS

Exit status 0: the page says what the records say, and nothing of what students wrote became a part of it."""
import base64
import collections
import hashlib
import html.parser
import json
import os
import re
import statistics
import sys
import urllib.parse

EMPTY = {"meta", "link", "img", "br", "input", "hr", "rect"}
STATES = ["PASS", "FAIL", "not yet written", "not judged", "for a person"]


class Page(html.parser.HTMLParser):
    """Elements by name, tables by caption, and what stands open."""

    def __init__(self):
        super().__init__()
        self.open, self.names, self.links, self.attributes, self.ids = [], collections.Counter(), [], set(), []
        self.tables, self.row, self.texts, self.wrong = {}, None, collections.Counter(), []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.names[tag] += 1
        self.attributes |= set(given)
        self.ids += [given["id"]] if "id" in given else []
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag not in EMPTY:
            self.open.append(tag)
        if tag == "caption":
            self.caption = ""
        if tag == "tr":
            self.row = []
        if tag in ("td", "th") and self.row is not None:
            self.row.append("")

    def handle_startendtag(self, tag, attributes):
        self.names[tag] += 1

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append("</%s> closes nothing" % tag)
        if tag == "caption":
            if self.caption in self.tables:
                self.wrong.append("two tables are called %s" % self.caption)
            self.rows = self.tables[self.caption] = []
        if tag == "tr":
            self.rows.append(self.row)
            self.row = None

    def handle_data(self, data):
        if "caption" in self.open:
            self.caption += data
        elif self.row:
            self.row[-1] += data


def read(*parts):
    with open(os.path.join(*parts), encoding="utf-8") as file:
        return json.load(file)


def want(true, *words):
    if not true:
        print(*words)
        sys.exit(1)


def check_safety(page, text, folder):
    want(not page.wrong and not page.open, page.wrong[:3], page.open)
    want(page.names["script"] == 1 and page.names["img"] == 0, page.names)
    want(not [name for name in page.attributes if name.startswith("on")], page.attributes)
    script = re.search(r"<script>(.*?)</script>", text, re.S).group(1)
    named = re.search(r"script-src 'sha256-([^']+)'", text).group(1)
    want(base64.b64decode(named) == hashlib.sha256(script.encode()).digest(), "the policy does not name the script")
    want(len(page.ids) == len(set(page.ids)), "two places have one name")
    want(not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text), "control characters")
    for link in page.links:
        if link.startswith("#"):
            want(link[1:] in page.ids, link)
        else:
            want(os.path.exists(os.path.join(folder, urllib.parse.unquote(link))), link)
    want(not re.search(r"(src|href|url)\s*[=(]\s*[\"']?(https?:|//)", re.sub("<script>.*?</script>", "", text, flags=re.S).replace("&quot;", "")),
         "something from elsewhere")


def check_assignment(page, folder, students, assignment):
    records = {}
    for student in students:
        path = os.path.join(folder, "students", student, assignment, "record.json")
        if os.path.exists(path):
            records[student] = read(path)
    counts, mistakes = collections.defaultdict(collections.Counter), collections.defaultdict(set)
    for student, record in records.items():
        for check in record["checks"]:
            counts[check["name"]][check["state"]] += 1
            if check["mistake"]:
                mistakes[check["mistake"]].add(student)
    rows = page.tables["Checks of " + assignment][1:]
    found = {row[0].split()[-1]: [int(cell) for cell in row[2:]] for row in rows}
    want(found == {name: [of[state] for state in STATES] for name, of in counts.items()}, found, counts)
    rows = page.tables.get("Known mistakes in " + assignment, [None])[1:]
    want({row[0]: int(row[1]) for row in rows} == {name: len(of) for name, of in mistakes.items()}, rows, mistakes)
    want([int(row[1]) for row in rows] == sorted((int(row[1]) for row in rows), reverse=True), "the most first")
    return records


def check_students(page, folder, students, records):
    rows = {row[1]: row for row in page.tables["Everybody"][1:]}
    want(sorted(rows) == students, "everybody once")
    for student, row in rows.items():
        facts = read(folder, "students", student, "intake.json")
        total = 0
        for column, (assignment, of) in enumerate(records.items()):
            cell = row[2 + column].rstrip(" *")
            if student not in of:
                want(cell in ("–", "refused", "failed"), row)
                want((cell == "refused") == (facts["refused"] is not None), row)
                continue
            points = (of[student]["points"]["got"] + of[student]["bonus"]["got"]) * facts["factor"]
            want(abs(float(cell) - points) < 0.00501, row, points)
            total += points
        want(abs(float(row[2 + len(records)]) - total) < 0.011, row, total)
        want(row[3 + len(records)] == (str(facts["late_days"]) if facts["late_days"] else ""), row)


def check_overview(page, folder, records):
    rows = {row[0]: row for row in page.tables["Each assignment in numbers"][1:]}
    for assignment, of in records.items():
        points = [(record["points"]["got"] + record["bonus"]["got"]) * read(folder, "students", student, "intake.json")["factor"]
                  for student, record in of.items()]
        row = rows[assignment]
        want(int(row[1]) == len(points) and abs(float(row[4]) - statistics.mean(points)) < 0.011, row)
        want(abs(float(row[5]) - statistics.median(points)) < 0.011, row)


def check_unexplained(text, records):
    """As many are in clusters as have a failure that is not explained; who has two is in two."""
    clusters = [int(count) for count in re.findall(r"<summary><strong>(\d+) student", text)]
    causes = sum(1 for of in records.values() for record in of.values() for cause in record["causes"] if not cause["mistake"])
    want(sum(clusters) == causes, clusters, causes)


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, "class.html"), encoding="utf-8") as file:
        text = file.read()
    page = Page()
    page.feed(text)
    page.close()
    check_safety(page, text, folder)
    students = sorted(os.listdir(os.path.join(folder, "students")))
    records = {name: check_assignment(page, folder, students, name) for name in read(folder, "class.json")["assignments"]}
    check_students(page, folder, students, records)
    check_overview(page, folder, records)
    check_unexplained(text, records)
    late = [row for row in page.tables.get("Late", [None])[1:]]
    want(len(late) == sum(read(folder, "students", student, "intake.json")["late_days"] > 0 for student in students), late)


if __name__ == "__main__":
    main()
