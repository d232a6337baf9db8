#!/usr/bin/env -S bash -p
# class/tables/tests/test_tables.sh: the tables of a class that was made up, as Python's own csv and sqlite3 read them.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
program=$kit/${B:-build}/class/class

# What is in the class, and what its tables must say: written down twice, by hand.
cat >"$work/make.py" <<'PYTHON'
import json, os, sys
out = sys.argv[1]
def write(path, what):
    os.makedirs(os.path.dirname(f"{out}/{path}"), exist_ok=True)
    json.dump(what, open(f"{out}/{path}", "w"))
def student(id, members, factor=1.0, refused=None, source="x", late=0, notes=()):
    write(f"students/{id}/intake.json", {"id": id, "name": id, "members": members, "source": source, "sha256": "s-" + id,
          "handed_in_at": "2026-11-20T21:00:00Z", "late_days": late, "factor": factor, "refused": refused, "notes": list(notes)})
def check(name, state, points, most, bonus=False, mistake=None):
    return {"name": name, "title": "T " + name, "tier": 1, "bonus": bonus, "question": "Q1", "visibility": "visible", "points": points,
            "max_points": most, "state": state, "culprit": "nobody", "seen": "seen", "mistake": mistake, "cause": 0, "seconds": 1.5}
def grade(id, checks, finished=True, record=True, words=""):
    write(f"students/{id}/one/run.json", {"finished": finished, "exit_status": 0 if finished else 1, "attempt": 2, "began": "a",
          "ended": "2026-11-21T00:00:00Z", "machine": "m", "kit": "k 1", "secret": "f", "sha256": "h", "handed_in": "s-" + id,
          "wall_seconds": 2.5, "processor_seconds": 1.25, "words": words})
    if record:
        plain, extra = [c for c in checks if not c["bonus"]], [c for c in checks if c["bonus"]]
        def points(of):
            return {"got": sum(c["points"] for c in of), "all": sum(c["max_points"] for c in of),
                    "judged": sum(c["max_points"] for c in of if c["state"] not in ("not judged", "for a person"))}
        write(f"students/{id}/one/record.json", {"assignment": "one", "points": points(plain), "bonus": points(extra), "checks": checks})
write("class.json", {"title": "A, \"B\"", "submissions": "/s", "assignments": ["one"], "deadline": None,
      "taken_in_at": "2026-11-20T21:00:00Z", "kit": "k"})
student("ada", [{"id": "=1+2", "name": "Lovelace, \"Ada\"\nline", "email": "@ada"}], factor=0.9, late=1, notes=["a note; DROP TABLE notes"])
grade("ada", [check("a", "PASS", 2.0, 2.0), check("b", "FAIL", 0.0, 1.0, mistake="it's \"swapped\""), check("c", "PASS", 0.5, 0.5, True),
              check("w", "for a person", 0.0, 0.5)])
write("students/ada/review-one.json", {"items": [{"check": "w", "points": 0.4, "max_points": 0.5, "comments": ["good"], "reviewers": ["r"]}]})
student("group", [{"id": "g1", "name": "+One", "email": None}, {"id": "g2", "name": "Zwölf, 二", "email": "t@x"}])
grade("group", [check("a", "not judged", 0.0, 2.0), check("b", "FAIL", 0.0, 1.0, mistake="it's \"swapped\""), check("c", "FAIL", 0.0, 0.5, True),
                check("w", "for a person", 0.0, 0.5)], finished=False, words="1 check could not be judged,\nmend that\n")
student("lost", [{"id": "lost", "name": "L", "email": None}])
grade("lost", [], finished=False, record=False, words="crashed")
student("new", [{"id": "new", "name": "N", "email": None}])
student("none", [{"id": "none", "name": "", "email": None}], source=None)
student("odd", [{"id": "odd", "name": "-O", "email": None}], refused="the archive is damaged, \"all\" of it")
os.makedirs(f"{out}/students/.new-one")
PYTHON
cat >"$work/read.py" <<'PYTHON'
import csv, sqlite3, sys
out = sys.argv[1]
rows = list(csv.DictReader(open(f"{out}/grades.csv", newline="", encoding="utf-8")))
got = [tuple(r[k] for k in ("id", "name", "email", "group", "state", "final", "points", "by_person", "bonus", "of", "late_days", "factor",
                            "not_judged", "not_reviewed", "tries", "report", "remark")) for r in rows]
# (2 + 0.5 + 0.4) * 0.9 = 2.61; without review or judge: not_reviewed 0.5, not_judged 2
want = [
 ("'=1+2", 'Lovelace, "Ada"\nline', "'@ada", "", "graded", "2.61", "2.00", "0.40", "0.50", "3.50", "1", "0.9000", "0.00", "0.00", "2",
  "students/ada/one/report.html", ""),
 ("g1", "'+One", "", "group", "partly not judged", "0.00", "0.00", "0.00", "0.00", "3.50", "0", "1.0000", "2.00", "0.50", "2",
  "students/group/one/report.html", "1 check could not be judged, mend that"),
 ("g2", "Zwölf, 二", "t@x", "group", "partly not judged", "0.00", "0.00", "0.00", "0.00", "3.50", "0", "1.0000", "2.00", "0.50", "2",
  "students/group/one/report.html", "1 check could not be judged, mend that"),
 ("lost", "L", "", "", "not judged", "", "", "", "", "", "0", "1.0000", "0.00", "0.00", "2", "", "crashed"),
 ("new", "N", "", "", "not graded", "", "", "", "", "", "0", "1.0000", "0.00", "0.00", "0", "", ""),
 ("none", "", "", "", "nothing handed in", "", "", "", "", "", "0", "1.0000", "0.00", "0.00", "0", "", ""),
 ("odd", "'-O", "", "", "refused", "", "", "", "", "", "0", "1.0000", "0.00", "0.00", "0", "", 'the archive is damaged, "all" of it'),
]
for g, w in zip(got, want):
    if g != w: print("csv:", g, "is not", w)
if len(got) != len(want): print(len(got), "rows")
base = sqlite3.connect(f"file:{out}/grades.sqlite?mode=ro", uri=True)
def ask(sql, answer):
    found = base.execute(sql).fetchall()
    if found != answer: print(sql, "gives", found, "not", answer)
ask("PRAGMA integrity_check", [("ok",)])
ask("SELECT title, deadline FROM class", [('A, "B"', None)])
ask("SELECT id, late_days, factor, source IS NULL, refused FROM students ORDER BY id", [("ada", 1, 0.9, 0, None), ("group", 0, 1.0, 0, None),
    ("lost", 0, 1.0, 0, None), ("new", 0, 1.0, 0, None), ("none", 0, 1.0, 1, None), ("odd", 0, 1.0, 0, 'the archive is damaged, "all" of it')])
ask("SELECT student, id, name FROM members WHERE student IN ('ada', 'group') ORDER BY id", [("ada", "=1+2", 'Lovelace, "Ada"\nline'),
    ("group", "g1", "+One"), ("group", "g2", "Zwölf, 二")])
ask("SELECT note FROM notes", [("a note; DROP TABLE notes",)])
ask("SELECT student, final, state FROM grades ORDER BY student", [("ada", 2.61, "graded"), ("group", 0.0, "partly not judged"),
    ("lost", None, "not judged"), ("new", None, "not graded"), ("none", None, "nothing handed in"), ("odd", None, "refused")])
ask("SELECT student, finished, exit_status, tries, processor_seconds, kit FROM runs ORDER BY student", [("ada", 1, 0, 2, 1.25, "k 1"),
    ("group", 0, 1, 2, 1.25, "k 1"), ("lost", 0, 1, 2, 1.25, "k 1")])
ask("SELECT count(*), sum(points), sum(bonus) FROM checks", [(8, 2.5, 2)])
ask("SELECT * FROM mistakes", [("one", "b", 'it\'s "swapped"', 2), ("one", "c", None, 1)])
ask("SELECT name, students, failed, not_judged, mean_points FROM checks_failed ORDER BY name", [("a", 2, 0, 1, 1.0), ("b", 2, 2, 0, 0.0),
    ("c", 2, 1, 0, 0.25), ("w", 2, 0, 0, 0.0)])
ask("SELECT student FROM to_mend ORDER BY student", [("group",), ("lost",), ("new",)])
ask("SELECT count(*) FROM people", [(7,)])
ask("SELECT graded, least, most FROM totals", [(2, 0.0, 2.61)])
ask("SELECT count(*) FROM slowest", [(3,)])
PYTHON
python3 "$work/make.py" "$work/class" >"$work/words" 2>&1
check "a class is made up" [ $? -eq 0 ]
"$program" tables --out "$work/class" >"$work/words" 2>&1
check "its tables are made" [ $? -eq 0 ]
python3 "$work/read.py" "$work/class" >"$work/read.words" 2>&1
check "Python reads in them what must be there" [ ! -s "$work/read.words" ]
sha256sum "$work"/class/grades.* >"$work/before.words"
"$program" tables --out "$work/class" >"$work/words" 2>&1
sha256sum "$work"/class/grades.* >"$work/after.words"
check "made again they are the same, byte for byte" cmp -s "$work/before.words" "$work/after.words"
check "and nothing else is there" [ "$(find "$work/class" -maxdepth 1 -type f | wc -l)" = 3 ]
echo '{"finished": ' >"$work/class/students/lost/one/run.json"
"$program" tables --out "$work/class" >"$work/words" 2>&1
check "what can't be read is named" says 'students/lost/one/run.json:'
check "and leaves the others their rows" [ "$(grep -c '^[^,]' "$work/class/grades.csv")" -ge 8 ]
"$program" tables --out "$work" >"$work/words" 2>&1
check "a folder that is none of a class is refused" [ $? -eq 1 ]
check "with words" says 'is no folder of a class'
summary
