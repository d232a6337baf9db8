"""Makes up what reviewers say, and works out what should come of it, without the kit: test_merge.sh calls it.

    opinions.py make OUT SEED     writes OUT/review/example-REVIEWER.csv of three reviewers and of "settled"
    opinions.py expect OUT        prints what each student's review should be, a line of JSON for each
    opinions.py found OUT         prints what it is, in the same form"""
import csv
import glob
import hashlib
import json
import os
import random
import re
import sys

ITEMS = {("why", "mean"): 0.3, ("why", "sum"): 0.1, ("tested", "tested"): 0.2}
STUDENTS = ("ada", "bob", "cy", "dee")
SHARE = 0.25
HEAD = ("student", "check", "item", "points", "max_points", "comments", "note", "answer", "when")


def make(out, seed):
    draw = random.Random(seed)
    os.makedirs(out + "/review", exist_ok=True)
    for reviewer, how_often in (("ann", 0.9), ("ben", 0.8), ("cleo", 0.5), ("settled", 0.3)):
        with open("%s/review/example-%s.csv" % (out, reviewer), "w", newline="", encoding="utf-8") as file:
            write = csv.writer(file)
            write.writerow(HEAD)
            for student in STUDENTS:
                for check in ("why", "tested"):
                    if draw.random() > how_often:
                        continue
                    note = draw.choice(("", "", "good, but \"short\"", "two\nlines of " + reviewer))
                    for (of, item), most in ITEMS.items():
                        if of == check:
                            points = "" if draw.random() < 0.15 else "%.3f" % (round(draw.random() * most / 0.05) * 0.05)
                            write.writerow((student, check, item, points and min(points, "%.3f" % most), most, "", note, "", ""))
                            note = ""


def said(out):
    everybody = {}
    for path in sorted(glob.glob(out + "/review/example-*.csv")):
        reviewer = re.fullmatch(r".*/example-([^-]*)\.csv", path)
        if not reviewer or reviewer[1] == "comments":
            continue
        with open(path, newline="", encoding="utf-8") as file:
            everybody[reviewer[1]] = list(csv.DictReader(file))
    return everybody


def expect(out):
    everybody = said(out)
    for student in STUDENTS:
        review = {"items": {}, "open": []}
        for check in ("why", "tested"):
            rows = {name: [row for row in rows if (row["student"], row["check"]) == (student, check)] for name, rows in everybody.items()}
            total, lacking, differ, given = 0, 0, 0, 0
            for (of, item), most in ITEMS.items():
                if of != check:
                    continue
                points = {name: float(row["points"]) for name in rows for row in rows[name] if row["item"] == item and row["points"]}
                given += bool(points)
                if "settled" in points:
                    total += points["settled"]
                elif not points:
                    lacking += 1
                elif max(points.values()) - min(points.values()) > SHARE * most + 1e-6:
                    differ += 1
                else:
                    total += sum(points.values()) / len(points)
            notes = {name: [row["note"] for row in rows[name] if row["note"]] for name in sorted(rows)}
            comments = notes.get("settled") or sum((notes[name] for name in notes if name != "settled"), [])
            if lacking + differ == 0:
                review["items"][check] = [round(total + 1e-9, 3), sorted(set(comments)), sorted(name for name in rows if rows[name])]
            elif given:
                review["open"].append([check, bool(differ)])
        print(json.dumps([student, review], sort_keys=True))


def found(out):
    for student in STUDENTS:
        review = {"items": {}, "open": []}
        path = "%s/students/%s/review-example.json" % (out, student)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                root = json.load(file)
            for item in root["items"]:
                review["items"][item["check"]] = [round(item["points"] + 1e-9, 3), sorted(item["comments"]), sorted(item["reviewers"])]
            review["open"] = [[one["check"], "settled" in one["why"]] for one in root["open"]]
        print(json.dumps([student, review], sort_keys=True))


if __name__ == "__main__":
    {"make": make, "expect": expect, "found": found}[sys.argv[1]](*sys.argv[2:])
