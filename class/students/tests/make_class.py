"""Makes the folder of a class of real grades, for tests and for looks at pages: many students who share them, and among these
everything that is odd about a class.

    make_class.py OUT COUNT ASSIGNMENT=GRADE_FOLDER[,SUBMISSION_FOLDER] ...

A GRADE_FOLDER is what the grader wrote (OUT of make grade). Student i has grade i of each assignment, round and round. Every
10th to 20th is odd: late, refused, not graded, a grader that failed, a group, a name that is code somewhere."""
import json
import os
import shutil
import sys

ODD_NAMES = ["O'Hara, \"Bob\"", "=HYPERLINK(\"http://example.org\",\"x\")", "<script>document.title='taken'</script>", "Łukasz Żółć",
             "\u202eedoc neddih\u202c", "@SUM(1)", "-2+3", "+49 151", "Ana\nLine", "名前 太郎", "</td></tr></table>", "محمد علي", ""]

HOSTILE = "</code></script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\"> \u001b[31m \u202e =1+1"


def write(path, value):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, indent=1)


def intake(number, student):
    name = ODD_NAMES[number // 3 % len(ODD_NAMES)] if number % 3 == 0 else "Student Number %d" % number
    members = [{"id": student, "name": name, "email": student + "@example.org"}]
    if number % 11 == 5:
        members.append({"id": student + "b", "name": "Partner of %d" % number, "email": None})
    late = {7: 1, 17: 3}.get(number % 20, 0)
    refused = "The archive has ../../etc/passwd in it, and was not unpacked." if number % 19 == 18 else None
    return {"id": student, "name": name, "members": members, "source": "handed-in/%s.zip" % student,
            "sha256": "%064x" % (number if number % 13 else 1), "handed_in_at": "2026-11-20T%02d:00:00Z" % (number % 24),
            "late_days": late, "factor": 1 - late / 10, "refused": refused,
            "notes": ["A folder __MACOSX was left out."] if number % 10 == 4 else []}


def run_of(number, student):
    failed = number % 17 == 16
    return {"finished": not failed, "exit_status": -1 if failed else 0, "began": "2026-11-21T10:00:00Z", "ended": "2026-11-21T10:00:20Z",
            "machine": "node%d" % (number % 4), "kit": "test", "secret": "0123456789abcdef", "sha256": "%064x" % (number % 40),
            "same_as": None, "words": "No space left on device\n" if failed else "", "wall_seconds": 10 + number % 7,
            "processor_seconds": 19.5 + number % 23, "attempt": 1 + (number % 29 == 0)}


def put_grade(number, student, folder, assignment, grade):
    run = run_of(number, student)
    to = os.path.join(folder, assignment)
    write(os.path.join(to, "run.json"), run)
    if run["finished"]:
        for name in ("record.json", "report.html", "results.json"):
            shutil.copy(os.path.join(grade, name), os.path.join(to, name))
        if number % 12 == 2:
            spoil(os.path.join(to, "record.json"))


def spoil(path):
    """Puts into a record what a submission might have the grader say."""
    with open(path, encoding="utf-8") as file:
        record = json.load(file)
    check = record["checks"][0]
    check.update(state="FAIL", culprit="the submission", seen=HOSTILE, mistake=None, cause=1, points=0)
    record["causes"] = [{"check": check["name"], "mistake": None, "seen": HOSTILE, "points": check["max_points"],
                         "explains": [check["name"]]}]
    record["notes"] = ["For a person to look at; it costs no points: `a.c:3` calls " + HOSTILE]
    write(path, record)


def main():
    out, count = sys.argv[1], int(sys.argv[2])
    given = {}
    for word in sys.argv[3:]:
        assignment, folders = word.split("=", 1)
        given.setdefault(assignment, []).append(folders.split(","))
    shutil.rmtree(out, ignore_errors=True)
    write(os.path.join(out, "class.json"), {"title": "Parallel programming & more <2026>", "submissions": "/handed-in", "assignments": list(given),
                                            "deadline": "2026-11-20T12:00:00Z", "taken_in_at": "2026-11-21T09:00:00Z", "kit": "test"})
    for number in range(count):
        student = "s%04d" % number
        folder = os.path.join(out, "students", student)
        facts = intake(number, student)
        write(os.path.join(folder, "intake.json"), facts)
        for assignment, grades in given.items():
            grade, *submission = grades[number % len(grades)]
            if submission and not os.path.exists(os.path.join(folder, "submission")):
                shutil.copytree(submission[0], os.path.join(folder, "submission"))
            if facts["refused"] is None and number % 23 != 22:
                put_grade(number, student, folder, assignment, grade)


if __name__ == "__main__":
    main()
