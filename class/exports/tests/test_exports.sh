#!/usr/bin/env -S bash -p
# Tests of class export: check_exports.py reads what was written with python3's csv, json, xml and zipfile, and computes the points
# itself from the folder of the class.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
# shellcheck source=class/students/tests/small_class.sh
. "$kit/class/students/tests/small_class.sh"
cd "$kit" || exit 1

class=$work/class
reader=class/exports/tests/check_exports.py
export_class() { build/class/class export --out "$class" --at 2026-11-21T00:00:00Z "$@" >"$work/words" 2>&1; }

check "a class is made" small_class "$class" 40
check "it is made odd" python3 "$reader" spoil "$class"

export_class
check "all that needs no roster is written, and a report that can't be handed out is told" [ $? -eq 1 ]
check "who gets no report is named" says "s0007 gets no report"
for form in canvas gradescope autolab prairielearn junit feedback; do
    check "$form is as that system reads it" python3 "$reader" "$form" "$class"
done

export_class --format canvas --roster "$class/canvas.csv" --column "Homework 1"
check "whose points went nowhere makes the status 1" [ $? -eq 1 ]
check "rows keep their IDs, and only those of the class get points" python3 "$reader" canvas-filled "$class"
check "who has no row is named, and nobody else" [ "$(grep "has no row" "$work/words" | cut -c 1-5)" = s0001 ]
check "a worksheet is filled" export_class --format moodle --roster "$class/moodle.csv"
check "nothing but grades and comments changes" python3 "$reader" moodle "$class"
export_class --format feedback --roster "$class/moodle.csv"
check "Moodle's folders are named as Moodle names them" python3 "$reader" feedback-moodle "$class"

# What is hidden until the deadline, 12 o'clock; what is hidden until grades are published.
export_class --format feedback --at 2026-11-20T11:59:59Z
check "before the deadline nothing hidden is handed out" python3 "$reader" hidden "$class" before-due-date
export_class --format feedback --at 2026-11-20T12:00:00Z
check "behind it what may be seen then is" python3 "$reader" hidden "$class" after-due-date
export_class --format feedback --published
check "then everybody gets a report" [ $? -eq 0 ]
check "published, all but what stays hidden is" python3 "$reader" hidden "$class" published

# ---- what can't be used ------------------------------------------------------------------------------

export_class --format cnavas
check "an unknown format is wrong usage" [ $? -eq 2 ]
check "the formats are named" says "there are canvas, moodle"
export_class --assignment nobody
check "so is an assignment that the class has not" [ $? -eq 2 ]
export_class --at yesterday
check "a time that is none is told" says "yesterday is no time"
export_class --format moodle
check "Moodle needs a worksheet" says "grading worksheet is needed"
export_class --format moodle --roster "$class/canvas.csv"
check "a grade book is no worksheet" says "no grading worksheet of Moodle"
export_class --format canvas --roster "$class/moodle.csv"
check "a worksheet is no grade book" says "no export of Canvas"
printf 'Student,ID\n"a' >"$class/broken.csv"
export_class --format canvas --roster "$class/broken.csv"
check "a roster that is no CSV is told" says "broken.csv"
build/class/class export --out "$work" >"$work/words" 2>&1
check "a folder that is no class's is told" says "is no folder of a class"

summary
