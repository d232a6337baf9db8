#!/usr/bin/env -S bash -p
# class/tests/check_hostile.sh [NAME …]: make check-hostile
# A class in which many are dishonest: programs that reach for others, for the secret and for their own grades
# (hostile/NAME.c), names that shells, spreadsheets, browsers and terminals take for commands, and two honest students. The
# first line of each program says what must come of it. All calls are allowed here that the grader would refuse when it links
# (grader/rubric/calls.cfg): what stands behind that has to hold by itself.
# With names: only these, beside the honest.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../tools/tests/support.sh"
copy_kit
cd "$work" || exit 1
hostile=class/tests/hostile
echo 'calls = ( { names = ( "*" ); usual = true; } );' >assignments/example/calls.cfg
out=$work/class-out handed_in=$work/handed-in secret=$work/secret
mkdir "$handed_in"
head -c 32 /dev/urandom | base64 >"$secret"
export GRADER_SECRET=$secret

# Somebody listens on this computer; whoever reaches it leaves a line.
python3 -c '
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    server.accept()[0].close()
    print("somebody came", flush=True)
' >callers &
listener=$!
trap 'kill "$listener" 2>/dev/null; [ -n "${KEEP:-}" ] || rm -rf "$work"' EXIT
until [ -s callers ]; do sleep 0.1; done
port=$(head -n 1 callers)

# ---- what is handed in -----------------------------------------------------------------------------------

hand_in() { # NAME FILE
    mkdir -p "$handed_in/$1/example"
    cp "$2" "$handed_in/$1/example/average.c"
}
if [ $# -gt 0 ]; then names=("$@"); else mapfile -t names < <(basename -s .c "$hostile"/*.c); fi
for name in "${names[@]}"; do
    cat "$hostile/beginning.txt" "$hostile/$name.c" "$hostile/ending.txt" |
        sed "s|@OUT@|$out|g; s|@SUBMISSIONS@|$handed_in|g; s|@SECRET@|$secret|g; s|@KIT@|$work|g; s|PORT_THAT_LISTENS|$port|g" >program.c
    hand_in "$name" program.c
done
odd_names=('=HYPERLINK("http:x")' '@SUM(1+1)' "-rf" "<img src=x onerror=alert(1)>" "\$(touch owned)" "a; touch owned" "a|touch owned"
    $'two\nlines' $'\e]0;owned\a' $'\u202Edesrever' "it's \"quoted\"" "100%s%n" 'back\slash' "..." "~root" $'tab\there' "Ünal, Ayşe")
if [ $# -eq 0 ]; then for name in "${odd_names[@]}"; do hand_in "$name" solutions/example/average.c; done; fi
hand_in victim solutions/example/average.c
hand_in honest assignments/example/tests/wrong.c 2>/dev/null || hand_in honest skeleton/example/average.c

# ---- graded alone, and among them --------------------------------------------------------------------------

mkdir alone-in
cp -r "$handed_in"/{victim,honest} alone-in/
make -s --no-print-directory class SUBMISSIONS=alone-in OUT=alone ASSIGNMENTS=example >words 2>&1
check "the honest are graded alone" [ $? -eq 0 ]
free_before=$(df --output=avail . | tail -n 1)
timeout 600 make -s --no-print-directory class SUBMISSIONS="$handed_in" OUT="$out" ASSIGNMENTS=example JOBS=4 >words 2>&1
check "the class is graded" [ $? -eq 0 ]
free_after=$(df --output=avail . | tail -n 1)

points() { jq -r '.points.got' "$1/students/$2/example/record.json" 2>/dev/null; }
what_counts() { jq -S '[.points, .bonus, (.checks[] | {name, state, points, mistake})]' "$1/students/$2/example/record.json"; }
for name in victim honest; do
    what_counts alone "$name" >alone.words
    what_counts "$out" "$name" >among.words
    check "$name has the grade that it has alone" cmp -s alone.words among.words
done
for name in "${names[@]}"; do
    id=$(cd "$out/students" && grep -lF "\"$name\"" ./*/intake.json 2>/dev/null | head -n 1 | cut -d/ -f2)
    if grep -q 'Held: .*full marks' "$hostile/$name.c"; then expected=1; else expected=0; fi
    found=$(points "$out" "${id:-$name}")
    check "$name: ${found:-no} points, and $expected were right" [ "${found%.0}" = "$expected" ]
done
if [ $# -eq 0 ]; then
    check "all odd names have full marks" [ "$(grep -lE '"got": 1\.0' "$out"/students/*/example/record.json | wc -l)" -ge ${#odd_names[@]} ]
fi

# ---- what is left ------------------------------------------------------------------------------------------

check "nobody called" [ "$(wc -l <callers)" -eq 1 ]
check "no command was run" [ -z "$(find "$work" -name 'owned*' -not -path '*/students/*' | head -n 1)" ]
check "no process is left" [ -z "$(pgrep -f "$work/.*(program|mpirun)" | grep -v $$)" ]
check "no mark is left" [ -z "$(find /tmp /var/tmp /dev/shm -maxdepth 1 -name mark-of-a-class 2>/dev/null)" ]
check "no disk is filled ($((free_before - free_after)) KiB)" [ $((free_before - free_after)) -lt 400000 ]
check "no folder of another is there" [ ! -e "$out/students/nobody" ]
made=("$out/grades.csv" "$out/class.html" "$out"/students/*/example/{report.html,report.md,results.json})
for file in "${made[@]}"; do
    if [ -e "$file" ] && LC_ALL=C grep -qP '[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]' "$file"; then echo "$file" >>control.words; fi
done
check "no file that people open has control characters" [ ! -s control.words ]
# As a browser reads it: no element or attribute of theirs.
python3 - "${made[@]}" >markup.words 2>&1 <<'PYTHON'
import sys, html.parser
class Looks(html.parser.HTMLParser):
    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name.startswith("on") or (name in ("src", "href") and (value or "").strip().lower().startswith(("javascript:", "http://example"))):
                print(self.path, "has", tag, name, value)
        if tag == "img" and dict(attributes).get("src") == "x":
            print(self.path, "has their img")
    def handle_data(self, data):
        if self.lasttag == "script" and "alert(1)" in data and self.cdata_elem:
            print(self.path, "has their script")
for path in sys.argv[1:]:
    if path.endswith(".html"):
        looks = Looks()
        looks.path = path
        looks.feed(open(path, encoding="utf-8").read())
PYTHON
check "no page has an element of theirs" [ ! -s markup.words ]
python3 - "$out/grades.csv" >formulas.words 2>&1 <<'PYTHON'
import csv, sys
for row in csv.reader(open(sys.argv[1], encoding="utf-8", newline="")):
    for cell in row:
        if cell[:1] in ("=", "+", "@", "\t", "\r") or (cell[:1] == "-" and not cell[1:2].isdigit() and len(cell) > 1):
            print(repr(cell))
PYTHON
check "no cell of grades.csv is a formula" [ ! -s formulas.words ]
python3 -c 'import json, sys; [json.load(open(p, encoding="utf-8")) for p in sys.argv[1:]]' "$out"/students/*/intake.json \
    "$out"/students/*/example/*.json >json.words 2>&1
check "all JSON is JSON" [ $? -eq 0 ]
summary
