#!/usr/bin/env -S bash -p
# class/tests/check_class.sh [SIZE [ASSIGNMENT SHARE]]: make check-class
# A class as courses have it (make_class.sh) goes through everything that an instructor does with it: taken in, graded, killed
# and graded on, tables, page, exports, similarity, a regrade, questions for a viva. What each submission must get is known from
# the way it was made.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../tools/tests/support.sh"
cd "$kit" || exit 1
size=${1:-200} assignment=${2:-$(<assignments/default)} share=${3:-10}
class=build/class/class out=$work/out
chmod 755 "$work"
head -c 32 /dev/urandom >"$work/secret"
export GRADER_SECRET=$work/secret GRADER_YEAR=2026
class/tests/make_class.sh "$work/handed-in" "$size" "$assignment" "$share" >"$work/list"
grade() {
    make -s --no-print-directory class SUBMISSIONS="$work/handed-in" OUT="$out" ASSIGNMENTS="example $assignment" YEAR=2026
}

# ---- graded, and killed on the way ---------------------------------------------------------------------------

setsid bash -c "$(declare -f grade); work=$work out=$out assignment=$assignment; grade" >"$work/killed.out" 2>&1 &
leader=$!
for _ in {1..600}; do
    if compgen -G "$out/students/*/example/run.json" >/dev/null; then break; fi
    sleep 0.5
done
kill -KILL -- "-$leader"
wait "$leader" 2>/dev/null
grade >"$work/words" 2>&1
check "it is graded in the end" [ $? -eq 0 ]

# ---- each as it must be ---------------------------------------------------------------------------------------

# NAME KIND, and what was graded: a line for each that is not as it must be.
python3 - "$work/list" "$out" "$assignment" >"$work/wrong.words" 2>&1 <<'PYTHON'
import glob, json, re, subprocess, sys
listed, out, assignment = sys.argv[1:]
taken = {}
for path in glob.glob(out + "/students/*/intake.json"):
    intake = json.load(open(path, encoding="utf-8"))
    taken[intake["source"]] = intake["id"]
def points(student, name):
    record = json.load(open(f"{out}/students/{student}/{name}/record.json", encoding="utf-8"))
    got, judged = (sum(record[part][key] for part in ("points", "bonus")) for key in ("got", "judged"))
    return "full" if abs(got - judged) < 1e-9 else "some" if got > 0 else "none"
seen = 0
for line in open(listed, encoding="utf-8", errors="replace"):
    name, kind = re.match(r"(.*) ((?:example|hostile) .*)$", line.rstrip("\n")).groups()
    name = subprocess.run(["bash", "-c", "printf %s " + name], capture_output=True).stdout.decode("utf-8", "replace")
    students = [taken[name + end] for end in ("", ".zip", ".tar.gz", ".tar.xz") if name + end in taken]
    if not students:  # a name that can't be shown as it is
        continue
    seen += 1
    first, _, second = kind.partition(", ")
    if first.startswith("example"):
        right = first.split()[1].startswith(("right", "copied"))
        if (points(students[0], "example") == "full") != right:
            print(name, kind, points(students[0], "example"))
    elif points(students[0], "example") == "full":  # the calls of an attack are refused
        print(name, kind, "has full marks")
    if second:
        right = second.split()[1].startswith(("right", "copied"))
        if (points(students[0], assignment) == "full") != right:
            print(name, kind, points(students[0], assignment))
if seen < 0.9 * sum(1 for _ in open(listed)):
    print("only", seen, "were found")
PYTHON
check "each has what it must have" [ ! -s "$work/wrong.words" ]
rows=$(python3 -c 'import csv, sys; print(sum(1 for _ in csv.reader(open(sys.argv[1], newline=""))))' "$out/grades.csv")
check "grades.csv has everybody twice" [ "$rows" -eq $((1 + 2 * $(find "$out/students" -name intake.json | wc -l))) ]

# ---- what comes behind -----------------------------------------------------------------------------------------

someone=$(sed -n "s/^\(student-[0-9]*\) example right, $assignment right\$/\1/p" "$work/list" | head -n 1)
for command in "page" "export" "similarity" "review-merge" "cost" "regrade --student $someone --assignment example" \
    "viva --id $someone --assignment $assignment"; do
    read -ra words <<<"$command"
    "$class" "${words[0]}" --out "$out" "${words[@]:1}" >"$work/words" 2>&1
    check "class $command" [ $? -eq 0 ]
done
check "the regrade finds no difference" grep -q 'no verdict differs' "$out/students/$someone/regrade-example.md"
check "there are questions" grep -q '^## 6\.' "$out/viva/$someone.md"
check "who copied stands in the list" grep -q 'same program' "$out/similarity/$assignment/index.html" "$out/similarity/index.html" 2>/dev/null
summary
