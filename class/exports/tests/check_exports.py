"""Reads exports as the systems do that they are for, and computes the points of a class itself. check_exports.py WHAT CLASS […]
Exit status 0: all is as it should be."""
import csv
import io
import json
import os
import re
import sys
import xml.etree.ElementTree as tree
import zipfile

ESSAY = {"name": "essay", "title": "An essay, \"read\" by <b>people</b>", "tier": 2, "bonus": False, "question": None, "visibility": "visible",
         "points": 0.0, "max_points": 0.5, "state": "for a person", "culprit": "nobody", "seen": "100 words \u0001\ufffe & more", "mistake": None, "cause": 0,
         "seconds": 0.0, "files": [], "runs": []}
ASSIGNMENT = "example"
TITLE = "Every rank gets the mean of all numbers"


def read(*parts):
    with open(os.path.join(*parts), encoding="utf-8") as file:
        return json.load(file)


def write(value, *parts):
    with open(os.path.join(*parts), "w", encoding="utf-8") as file:
        if isinstance(value, str):
            file.write(value)
        else:
            json.dump(value, file)


def students(folder):
    return sorted(os.listdir(os.path.join(folder, "students")))


def record_of(folder, student):
    path = os.path.join(folder, "students", student, ASSIGNMENT, "record.json")
    return read(path) if os.path.exists(path) else None


def expected(folder, student):
    """The final points; None: there are none."""
    record, facts = record_of(folder, student), read(folder, "students", student, "intake.json")
    if record is None:
        return None
    points = record["points"]["got"] + record["bonus"]["got"]
    review = os.path.join(folder, "students", student, "review-%s.json" % ASSIGNMENT)
    if os.path.exists(review):
        points += sum(item["points"] for item in read(review)["items"])
    return points * facts["factor"]


def is_close(text, value):
    return (text == "" and value is None) or (value is not None and abs(float(text) - value) < 0.00501)


def rows_of(*parts):
    with open(os.path.join(*parts), encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


def want(true, *words):
    if not true:
        print(*words)
        sys.exit(1)


def members(folder):
    """(student, member) of all."""
    for student in students(folder):
        for member in read(folder, "students", student, "intake.json")["members"]:
            yield student, member


def guarded(text):
    return "'" + text if text and text[0] in "=+-@\t\r" else text


# ---- what is odd about the class ------------------------------------------------------------------------

def canvas_book(folder):
    rows = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Quiz (11)", "Homework 1 (4711)", "Final Score"],
            ["    Points Possible", "", "", "", "", "10", "1.50", "(read only)"], ["", "", "", "", "", "", "Manual Posting", ""]]
    for number, (student, member) in enumerate(members(folder)):
        if student != "s0001":
            # Canvas' own number is by chance the ID of somebody else.
            rows.append([member["name"], "s0003" if number == 4 else str(9000 + number), member["id"] if number % 2 else "", "" if number % 2 else member["id"].upper(),
                         "Section, A", "-1", "0.25", "50"])
    rows.append(["Stranger, A", "s0003", "x1", "x1", "B", "7", "", ""])
    return rows


def moodle_sheet(folder):
    rows = [["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade", "Grade can be changed", "Last modified (submission)",
             "Last modified (grade)", "Feedback comments"]]
    for number, (student, member) in enumerate(members(folder)):
        rows.append(["Participant %d" % (70000 + number), member["name"].replace("\n", " "), member["email"] or "", "Submitted for grading - Graded", "",
                     "1.50", "Yes", "Friday, 20 November 2026, 1:00 PM", "-", ""])
    rows.append(["Participant 7", "Nobody Known", "nobody@example.org", "No submission", "", "1.50", "Yes", "-", "-", ""])
    return rows


def save(rows, *parts):
    with open(os.path.join(*parts), "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def hide(folder, student, visibility):
    path = os.path.join(folder, "students", student, ASSIGNMENT)
    record = read(path, "record.json")
    record["checks"][0]["visibility"] = visibility
    write(record, path, "record.json")


def spoil(folder):
    graded = [student for student in students(folder) if record_of(folder, student)]
    for number, student in enumerate(graded):
        path = os.path.join(folder, "students", student)
        record = read(path, ASSIGNMENT, "record.json")
        record["checks"].append(ESSAY)
        record["points"]["all"] += ESSAY["max_points"]
        write(record, path, ASSIGNMENT, "record.json")
        if number % 2 == 0:
            write({"items": [{"check": "essay", "points": 0.4, "max_points": 0.5, "comments": ["=Good, <b>really</b>"], "reviewers": ["r"]}]},
                  path, "review-%s.json" % ASSIGNMENT)
    # Of three with a hidden check, one was graded before reports for students were written.
    for student in ("s0006", "s0007", "s0009"):
        hide(folder, student, "after_due_date" if student == "s0006" else "after_published")
    for student in ("s0006", "s0009"):
        for name in ("before-due-date", "after-due-date"):
            write("<p>without, %s</p>" % name, folder, "students", student, ASSIGNMENT, "report-%s.html" % name)
    run = read(folder, "students", "s0010", ASSIGNMENT, "run.json")
    run["same_as"] = "s0002"
    write(run, folder, "students", "s0010", ASSIGNMENT, "run.json")
    write("<p><code>make grade SUBMISSION='/c, 1/students/s0002/submission' CHECK=average SEED=1</code>"
          "<pre>make grade SUBMISSION=/c/students/s0002/submission SEED=1\n</pre>", folder, "students", "s0010", ASSIGNMENT, "report.html")
    save(canvas_book(folder), folder, "canvas.csv")
    save(moodle_sheet(folder), folder, "moodle.csv")


# ---- the formats ---------------------------------------------------------------------------------------------

def canvas(folder):
    rows = rows_of(folder, "exports", "canvas-%s.csv" % ASSIGNMENT)
    want(rows[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", ASSIGNMENT], rows[0])
    want(rows[1] == ["    Points Possible", "", "", "", "", "1.50"], rows[1])
    there = list(members(folder))
    want(len(rows) == 2 + len(there), len(rows))
    for row, (student, member) in zip(rows[2:], there):
        want(row[0] == guarded(member["name"] or member["id"]), row)
        want(row[1] == "" and row[2] == member["id"] and is_close(row[5], expected(folder, student)), row, expected(folder, student))


def canvas_filled(folder):
    rows, before = rows_of(folder, "exports", "canvas-%s.csv" % ASSIGNMENT), canvas_book(folder)
    by_member = {member["id"]: student for student, member in members(folder)}
    want(len(rows) == len(before), len(rows), len(before))
    want(rows[0] == before[0][:5] + ["Homework 1 (4711)"] and rows[1] == before[1][:5] + ["1.50"] and rows[2] == ["", "", "", "", "", "Manual Posting"],
         rows[:3])
    for row, old in zip(rows[3:], before[3:]):
        want([guarded(cell) for cell in old[:5]] == row[:5], row, old)
        student = by_member.get((old[2] or old[3]).lower())
        want(is_close(row[5], expected(folder, student) if student else None), row)


def moodle(folder):
    rows, before = rows_of(folder, "exports", "moodle-%s.csv" % ASSIGNMENT), moodle_sheet(folder)
    want(rows[0] == before[0] and len(rows) == len(before), rows[0])
    there = [student for student, member in members(folder)]
    names = [old[1].lower() for old in before[1:]]
    for number, (row, old) in enumerate(zip(rows[1:], before[1:])):
        student = there[number] if number < len(there) else None
        if student and not old[2] and names.count(old[1].lower()) > 1:
            student = None  # no e-mail, and a name that two share
        points = expected(folder, student) if student else None
        want(is_close(row[4], points), row, points)
        want(row[:4] + row[5:9] == [guarded(cell) for cell in old[:4] + old[5:9]], row, old)
        reviewed = student and os.path.exists(os.path.join(folder, "students", student, "review-%s.json" % ASSIGNMENT))
        want(("0.40 of 0.50 points. =Good, &lt;b&gt;really" in row[9]) == bool(reviewed), row)


def gradescope(folder):
    rows = rows_of(folder, "exports", "gradescope-%s.csv" % ASSIGNMENT)
    want(rows[0] == ["First Name", "Last Name", "SID", "Email", "Sections", "Total Score", "Max Points", "Status", "Submission ID", "Submission Time",
                     "Lateness (H:M:S)", "View Count", "Submission Count", "1: %s (1 pts)" % TITLE, "2: %s (0.5 pts)" % ESSAY["title"]], rows[0])
    there = list(members(folder))
    want(len(rows) == 1 + len(there), len(rows))
    for row, (student, member) in zip(rows[1:], there):
        points = expected(folder, student)
        want(len(row) == len(rows[0]) and row[2] == member["id"] and is_close(row[5], points), row)
        want(row[7] == ("Graded" if points is not None else "Ungraded"), row)
        want(points is None or abs(float(row[13]) + float(row[14] or 0) - float(row[5])) < 0.011, row)
        want(re.fullmatch(r"2026-11-20 \d\d:00:00 \+0000", row[9]) and re.fullmatch(r"\d\d:00:00", row[10]), row)


def autolab(folder):
    for student in students(folder):
        path = os.path.join(folder, "exports", "autolab", "%s-%s.txt" % (student, ASSIGNMENT))
        points = expected(folder, student)
        want(os.path.exists(path) == (points is not None), path)
        if points is None:
            continue
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        want(len(lines) == 2, lines)
        feedback, scores = json.loads(lines[0]), json.loads(lines[1])
        want(list(scores) == ["scores"] and abs(sum(scores["scores"].values()) - points) < 1e-5, scores, points)
        hidden = record_of(folder, student)["checks"][0]["visibility"] == "after_published"
        want(feedback["_presentation"] == "semantic" and feedback["stages"] == ([] if hidden else ["Tier 1"]), feedback)
        for stage in feedback["stages"]:
            passed = record_of(folder, student)["checks"][0]["state"] == "PASS"
            want(feedback[stage][TITLE]["passed"] is passed and ("hint" in feedback[stage][TITLE]) == (not passed), feedback)


def prairielearn(folder):
    for student in students(folder):
        path = os.path.join(folder, "exports", "prairielearn", "%s-%s.json" % (student, ASSIGNMENT))
        points, refused = expected(folder, student), read(folder, "students", student, "intake.json")["refused"]
        want(os.path.exists(path) == (points is not None or refused is not None), path)
        if not os.path.exists(path):
            continue
        want(os.path.getsize(path) < 1 << 20)
        results = read(path)
        if points is None:
            want(results == {"gradable": False, "format_errors": [refused]}, results)
            continue
        hidden = record_of(folder, student)["checks"][0]["visibility"] == "after_published"
        want(results["gradable"] is True and abs(results["score"] - min(points / 1.5, 1)) < 0.005, results, points)
        want((" of 1.50 points" in results["message"]) == (not hidden), results)
        want([test["name"] for test in results["tests"]] == (["essay"] if hidden else ["average", "essay"]), results)
        want(all(set(test) == {"name", "description", "points", "max_points", "message", "output"} for test in results["tests"]), results)


def junit(folder):
    """By the rules of junit-10.xsd: which elements, which attributes they need, and that the counts are those of the cases."""
    root = tree.parse(os.path.join(folder, "exports", "junit-%s.xml" % ASSIGNMENT)).getroot()
    want(root.tag == "testsuites" and set(root.attrib) <= {"name", "time", "tests", "failures", "errors"}, root.attrib)
    want([suite.get("name") for suite in root] == students(folder), "suites")
    for suite in root:
        want(suite.tag == "testsuite" and {"name", "tests", "failures", "errors"} <= set(suite.attrib), suite.attrib)
        want(re.fullmatch(r"\d*(\.\d*)?", suite.get("time")), suite.attrib)
        kinds = [[part.tag for part in case] for case in suite]
        want(all(case.tag == "testcase" and case.get("name") and len(case) <= 1 for case in suite), suite.attrib)
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            want(int(suite.get(attribute)) == kinds.count([tag]), suite.attrib, kinds)
        want(int(suite.get("tests")) == len(kinds), suite.attrib)
        record = record_of(folder, suite.get("name"))
        shown = [check for check in record["checks"] if check["visibility"] != "after_published"] if record else []
        states = {"PASS": [], "FAIL": ["failure"], "not yet written": ["failure"], "for a person": ["skipped"]}
        want(kinds == ([states[check["state"]] for check in shown] if record else [["error"]]), kinds)


# ---- feedback ----------------------------------------------------------------------------------------------

def parts_of(*parts):
    with zipfile.ZipFile(os.path.join(*parts)) as archive:
        want(archive.testzip() is None)
        return {name: archive.read(name).decode() for name in archive.namelist() if not name.endswith("/")}


def feedback(folder):
    whole = parts_of(folder, "exports", "feedback-all.zip")
    for student in students(folder):
        path = os.path.join(folder, "exports", "feedback", student + ".zip")
        handed_out = expected(folder, student) is not None and student != "s0007"
        want(os.path.exists(path) == handed_out, path)
        if not handed_out:
            continue
        parts = parts_of(path)
        want(sorted(parts) == [ASSIGNMENT + "/points.md", ASSIGNMENT + "/report.html"], list(parts))
        want(all(whole[student + "/" + name] == text for name, text in parts.items()), student)
        text = "".join(parts.values())
        want("SUBMISSION=" not in text, student)
        want(not [other for other in students(folder) if other != student and other in text], student)
        points = parts[ASSIGNMENT + "/points.md"]
        if student != "s0009":
            want("**%.2f of 1.50 points.**" % (expected(folder, student) + 1e-9) in points, points)
    want("CHECK=average SEED=1" in whole["s0010/%s/report.html" % ASSIGNMENT], "the command is whole")


def feedback_moodle(folder):
    parts = parts_of(folder, "exports", "feedback-moodle-%s.zip" % ASSIGNMENT)
    found = set()
    for name in parts:
        # as Moodle's importer takes it apart
        of, number, plugin_type, plugin, rest = name.split("/")[0].split("_", 4)
        want(number.isdigit() and plugin_type == "assignsubmission" and plugin == "file" and rest == "" and of, name)
        found.add(int(number))
    there = [student for student, member in members(folder)]
    want(len(found) > 20 and all(expected(folder, there[number - 70000]) is not None for number in found), found)


def hidden(folder, when):
    """s0006 has a check that is hidden until the deadline, s0009 until grades are published; s0008 has none."""
    for student, until in (("s0006", ("before-due-date",)), ("s0009", ("before-due-date", "after-due-date"))):
        parts = parts_of(folder, "exports", "feedback", student + ".zip")
        report, points = parts[ASSIGNMENT + "/report.html"], parts[ASSIGNMENT + "/points.md"]
        want((report == "<p>without, %s</p>" % when) == (when in until), student, when, report[:200])
        want(("of 1.50 points.**" in points) == (when not in until), points)
    whole = parts_of(folder, "exports", "feedback", "s0008.zip")
    want("of 1.50 points.**" in whole[ASSIGNMENT + "/points.md"])


def main():
    what, folder, *more = sys.argv[1:]
    globals()[what.replace("-", "_")](folder, *more)


if __name__ == "__main__":
    main()
