#!/usr/bin/env -S bash -p
# class intake: messy and hostile submissions (messy.py has the table), the layouts of the courses' systems, tries and
# deadlines, groups, and calls again and again, some of which are killed.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"

class=$(realpath "${B:-$kit/build}")/class/class
right=$kit/solutions/example/average.c
unset XDG_CONFIG_HOME
export HOME=$work TZ=America/Los_Angeles # nothing may depend on where this computer is

# intake SUBMISSIONS OUT [OPTION …]
intake() {
    timeout 120 "$class" intake --submissions "$1" --out "$2" --assignments example --kit "$kit" "${@:3}" >"$work/words" 2>&1
}
# is OUT ID FILTER TEXT: what jq finds in intake.json.
is() { [ "$(jq -r "$3" "$1/students/$2/intake.json")" = "$4" ] || { jq -c . "$1/students/$2/intake.json" && false; } >>"$work/words" 2>&1; }
# notes OUT ID TEXT: is it said in a note?
notes() { jq -r '.notes[]' "$1/students/$2/intake.json" | grep -qF -- "$3" || { jq -c . "$1/students/$2/intake.json" && false; } >>"$work/words"; }
# packed PATH WORD [TIME]: a folder, or a zip if it is called so, with the right file, a comment in it, handed in at that time.
packed() {
    if [[ $1 != *.zip ]]; then
        mkdir -p "$1/example"
        { cat "$right" && echo "// $2"; } >"$1/example/average.c"
        if [ -n "${3:-}" ]; then touch -d "$3" "$1/example/average.c"; fi
        return
    fi
    mkdir -p "$work/packing/example" "$(dirname "$1")"
    { cat "$right" && echo "// $2"; } >"$work/packing/example/average.c"
    rm -f "$1"
    (cd "$work/packing" && zip -qrX "$work/new.zip" "${@:4}" example)
    mv "$work/new.zip" "$1"
    if [ -n "${3:-}" ]; then touch -d "$3" "$1"; fi
}
# has OUT ID WORD: is that the file that is graded?
has() { [ "$(tail -n 1 "$1/students/$2/submission/example/average.c")" = "// $3" ]; }

# ---- messy and hostile ones --------------------------------------------------------------------------------

mkdir "$work/outside"
"$kit/class/intake/tests/messy.py" make "$work/messy" "$right" "$work/outside" >"$work/words" 2>&1
check "the messy ones are written" [ $? -eq 0 ]
intake "$work/messy" "$work/messy-out"
check "a bad one does not stop the others" [ $? -eq 0 ]
"$kit/class/intake/tests/messy.py" check "$work/messy" "$work/messy-out" "$work/outside" >"$work/words" 2>&1
check "all messy ones are what the table says" [ $? -eq 0 ]
check "nothing of it is left where archives are opened" [ -z "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'grade-*' -newer "$work/outside" -user "$(id -u)" -exec test -e {}/try \; -print)" ]

# ---- again ---------------------------------------------------------------------------------------------------

again=$work/again
packed "$again/alice.zip" one
packed "$again/bob" one
packed "$again/Zoë" one
intake "$again" "$work/again-out"
mkdir "$work/again-out/students"/{alice,bob}/example
touch "$work/again-out/students"/{alice,bob}/example/run.json
find "$work/again-out/students" -printf '%P %i %T@\n' | sort >"$work/before"
intake "$again" "$work/again-out"
find "$work/again-out/students" -printf '%P %i %T@\n' | sort >"$work/after"
grep -v '^[^/]* ' "$work/before" >"$work/before.files"
grep -v '^[^/]* ' "$work/after" >"$work/after.files"
check "a second call changes no file" cmp "$work/before.files" "$work/after.files"
check "it says so" says "0 new, 0 changed, 3 as before"
packed "$again/bob" two
packed "$again/Zoe" two
intake "$again" "$work/again-out"
check "what is new is taken in, what changed is taken in anew" says "1 new, 1 changed, 2 as before"
check "the grade of what did not change stays" [ -e "$work/again-out/students/alice/example/run.json" ]
check "the grade of what changed is gone" [ ! -e "$work/again-out/students/bob/example" ]
check "what changed is there" has "$work/again-out" bob two
check "an ID stays with whoever has it" is "$work/again-out" Zoe .name Zoë
check "somebody else of that name gets another" [ "$(cat "$work/again-out"/students/Zoe-*/intake.json | jq -r .name)" = Zoe ]
packed "$again/alice.zip" one "2026-01-01" -9 # the same files, packed in another way
intake "$again" "$work/again-out"
check "a grade stays where the files are the same" [ -e "$work/again-out/students/alice/example/run.json" ]
rm -r "$again/Zoe"
intake "$again" "$work/again-out"
check "who is gone is told" says "is in the folder of submissions no more"

# ---- killed ------------------------------------------------------------------------------------------------------

for number in {1..12}; do packed "$work/many/student$number" one; done
for milliseconds in 010 030 050 080 120; do
    "$class" intake --submissions "$work/many" --out "$work/many-out" --assignments example --kit "$kit" >"$work/words" 2>&1 &
    sleep 0.$milliseconds
    kill -KILL $! 2>"$work/words"
    wait $! 2>"$work/words"
    for folder in "$work"/many-out/students/[!.]*; do
        if [ ! -e "$folder" ]; then continue; fi
        check "after a kill $folder is whole" [ -s "$folder/intake.json" -a -s "$folder/taken.json" -a -s "$folder/submission/example/average.c" ]
    done
done
intake "$work/many" "$work/many-out"
check "the next call takes in all" [ "$(cat "$work"/many-out/students/*/intake.json | jq -r .refused | grep -c null)" -eq 12 ]
check "and leaves nothing else" [ "$(find "$work/many-out/students" -mindepth 1 -maxdepth 1 | wc -l)" -eq 12 ]

# ---- layouts -------------------------------------------------------------------------------------------------------

moodle=$work/moodle
packed "$moodle/Ana Müller_12345_assignsubmission_file_/work.zip" ana
mkdir -p "$moodle/Bob_12346_assignsubmission_file_/example" "$moodle/Bob_12346_assignsubmission_onlinetext_"
cp "$right" "$moodle/Bob_12346_assignsubmission_file_/example/"
echo text >"$moodle/Bob_12346_assignsubmission_onlinetext_/onlinetext.html"
cp "$right" "$moodle/Cai_12347_assignsubmission_file_average.c"
intake "$moodle" "$work/moodle-out"
check "Moodle: a folder with an archive" has "$work/moodle-out" Ana-Muller_12345 ana
check "Moodle: the name" is "$work/moodle-out" Ana-Muller_12345 .name "Ana Müller"
check "Moodle: the number" is "$work/moodle-out" Ana-Muller_12345 '.members[0].id' 12345
check "Moodle: a folder with files, and text" notes "$work/moodle-out" Bob_12346 "Text was typed"
check "Moodle: a file" [ -s "$work/moodle-out/students/Cai_12347/submission/example/average.c" ]

canvas=$work/canvas
packed "$canvas/smithbob_340934_100_work.zip" first "2026-11-01T12:00Z"
packed "$canvas/smithbob_LATE_340934_102_work-2.zip" third "2026-11-01T12:00Z"
packed "$canvas/smithbob_340934_101_work-1.zip" second "2026-11-01T12:00Z"
cp "$right" "$canvas/mullerana_340935_103_average-1.c"
echo hello >"$canvas/mullerana_340935_104_notes.txt"
intake "$canvas" "$work/canvas-out"
check "Canvas: the last try counts" has "$work/canvas-out" smithbob_340934 third
check "Canvas: the others are named" notes "$work/canvas-out" smithbob_340934 work-1.zip
check "Canvas: several files make one submission" [ -s "$work/canvas-out/students/mullerana_340935/submission/example/average.c" ]
check "Canvas: no more than these" [ "$(find "$work/canvas-out/students" -mindepth 1 -maxdepth 1 | wc -l)" -eq 2 ]

scope=$work/scope/assignment_77_export
mkdir -p "$scope"/submission_{1,2}/example
cp "$right" "$scope/submission_1/example/"
cp "$right" "$scope/submission_2/example/"
cat >"$scope/submission_metadata.yml" <<'EOF'
---
submission_1:
  :submitters:
  - :name: Ana Müller
    :sid: '100'
    :email: ana@example.org
  - :name: "Bob: \"the\" Smith"
    :sid: '101'
    :email: bob@example.org
  :created_at: 2026-11-20 21:03:22.123456000 -08:00
  :score: 1.0
submission_2:
  :submitters:
  - :name: Cai
    :sid: ''
    :email: cai@example.org
  :created_at: 2026-11-20 21:03:22.123456000 Z
EOF
intake "$work/scope" "$work/scope-out"
check "Gradescope: a group has one ID" is "$work/scope-out" 100_101 '.members | map(.email) | join(" ")' "ana@example.org bob@example.org"
check "Gradescope: names" is "$work/scope-out" 100_101 '.members[1].name' 'Bob: "the" Smith'
check "Gradescope: the time" is "$work/scope-out" 100_101 .handed_in_at 2026-11-21T05:03:22Z
check "Gradescope: who has no number" is "$work/scope-out" cai .handed_in_at 2026-11-20T21:03:22Z
printf 'a: [\n' >"$scope/submission_metadata.yml"
intake "$work/scope" "$work/scope-out"
check "Gradescope: what is no YAML is told" says "submission_metadata.yml:"

for name in ana-b bob; do
    mkdir -p "$work/hub/lab-one-$name/example"
    cp "$right" "$work/hub/lab-one-$name/example/"
    git -C "$work/hub/lab-one-$name" init -q
    git -C "$work/hub/lab-one-$name" add .
    GIT_COMMITTER_DATE="2026-11-10T12:00:00Z" git -C "$work/hub/lab-one-$name" -c user.name=x -c user.email=x@example.org commit -qm one
done
chmod -R go+rX "$work"
intake "$work/hub" "$work/hub-out"
check "GitHub: user names" [ -d "$work/hub-out/students/ana-b" -a -d "$work/hub-out/students/bob" ]
check "GitHub: the time of the commit" is "$work/hub-out" bob .handed_in_at 2026-11-10T12:00:00Z

# ---- tries and deadlines ------------------------------------------------------------------------------------------

late=$work/late
cat >"$work/policy.cfg" <<'EOF'
course = "Course"; time_zone = "Europe/Berlin"; deadline = "2026-10-24T18:00:00";
late = { days = 1; penalty = 0.25; hard = 4; grace_minutes = 10; };
EOF
packed "$late/intime" a "2026-10-24T18:00:00+02:00"
packed "$late/grace" a "2026-10-24T18:10:00+02:00"
packed "$late/oneday" a "2026-10-25T18:00:00+01:00" # 25 hours later: clocks were put back
packed "$late/twodays" a "2026-10-25T18:00:01+01:00"
packed "$late/toolate" a "2026-10-28T18:11:00+01:00"
packed "$late/extended" a "2026-10-30T12:00:00+01:00"
packed "$late/usedup" a "2026-10-25T12:00:00+01:00"
packed "$late/dora (1)" "before" "2026-10-24T12:00:00+02:00"
packed "$late/dora (2)" "after" "2026-10-27T12:00:00+01:00"
packed "$late/dora (3)" "too late" "2026-11-27T12:00:00+01:00"
packed "$late/emil_2026-10-24_17-00" "first" "2026-11-27T12:00:00+01:00"
packed "$late/emil_2026-10-24_17-30" "second" "2026-11-26T12:00:00+01:00"
packed "$late/told" a "2026-11-27T12:00:00+01:00"
printf 'id,file,submitted_at\ntold,,2026-10-24 17:59:59\n' >"$late/times.csv"
printf 'id,days,until,reason,used\nextended,,2026-10-30,=ill,\nusedup,,,,1\nintme,3,,,\n' >"$work/extensions.csv"
intake "$late" "$work/late-out" --policy "$work/policy.cfg" --extensions "$work/extensions.csv"
cp "$work/words" "$work/late.words"
for row in "intime 0 1" "grace 0 1" "oneday 1 1" "twodays 2 0.75" "extended 0 1" "usedup 1 0.75" "dora 3 0.5" "emil 0 1" "told 0 1"; do
    read -r id days factor <<<"$row"
    check "$id can be graded, is $days days late, and has the factor $factor" \
        is "$work/late-out" "$id" "[.late_days, .factor == $factor, .refused]|tostring" "[$days,true,null]"
done
check "too late is refused" is "$work/late-out" toolate '.refused | test("too late to count")' true
check "the newest that is allowed counts" has "$work/late-out" dora after
check "names have times" has "$work/late-out" emil second
check "an extension is told" notes "$work/late-out" extended "=ill"
cp "$work/late.words" "$work/words"
check "who is unknown is told, with the nearest" says '"intme"; did you mean intime'
check "the deadline is written" [ "$(jq -r .deadline "$work/late-out/class.json")" = 2026-10-24T16:00:00Z ]
sed -i 's/hard = 4;/counts = "on time";/' "$work/policy.cfg"
intake "$late" "$work/late-out" --policy "$work/policy.cfg"
check "counts = \"on time\" prefers what came in time" has "$work/late-out" dora before
sed -i 's/deadline/dead_line/' "$work/policy.cfg"
intake "$late" "$work/late-out" --policy "$work/policy.cfg"
check "a wrong policy stops all" [ $? -eq 1 ]
check "and is told with its line" says "policy.cfg:1:"

# ---- groups and the roster ------------------------------------------------------------------------------------------

groups=$work/groups
cat >"$work/roster.csv" <<'EOF'
id,name,email,group
a1,"Müller, Ana",ana@example.org,
b2,Bob Smith,bob@example.org,red
c3,Cai Li,cai@example.org,red
d4,Dora Diaz,dora@example.org,
e5,Emil Eck,emil@example.org,
EOF
printf 'Ana Müller\r\nd4, Dora\r\nsomebody else\r\n' >"$work/packing/members.txt"
packed "$groups/team blue.zip" blue "2026-11-02T12:00Z" members.txt
rm "$work/packing/members.txt"
packed "$groups/bob" old "2026-11-01T12:00Z"
packed "$groups/c3" new "2026-11-02T12:00Z"
packed "$groups/Dora Diaz" alone "2026-11-01T12:00Z"
packed "$groups/ema" nobody "2026-11-03T12:00Z"
intake "$groups" "$work/groups-out" --roster "$work/roster.csv"
check "a group of the roster has one ID" is "$work/groups-out" red '.members | map(.id) | join(" ")' "b2 c3"
check "what any of it hands in is the group's" has "$work/groups-out" red new
check "members.txt names members" is "$work/groups-out" team-blue '.members | map(.id) | join(" ")' "team blue a1"
check "who handed in alone has that, whatever others write later" has "$work/groups-out" d4 alone
check "that is told" notes "$work/groups-out" team-blue "For Dora Diaz, what d4 handed in counts instead."
check "who is not on the roster is told" notes "$work/groups-out" team-blue "somebody else"
check "a member who handed in nothing alone is told where" is "$work/groups-out" a1 .refused "what team-blue handed in counts for Müller, Ana instead"
check "who handed in nothing is there" is "$work/groups-out" e5 .refused "nothing was handed in"
check "unknown names are told, with the nearest" notes "$work/groups-out" ema '"ema" is not on the roster'
find "$work/groups-out/students" -name intake.json -printf '%P %i\n' | sort >"$work/before"
intake "$groups" "$work/groups-out" --roster "$work/roster.csv"
find "$work/groups-out/students" -name intake.json -printf '%P %i\n' | sort >"$work/after"
check "groups are the same in a second call" cmp "$work/before" "$work/after"

# ---- names that look alike ------------------------------------------------------------------------------------------------

alike=$work/alike
for name in Müller Muller "a b" a-b Ann ann ... .bob; do
    mkdir -p "$alike/$name/example"
    printf 'int %s;\n' "$(printf %s "$name" | tr -dc '[:lower:]')x" >"$alike/$name/example/average.c"
done
intake "$alike" "$work/alike-out"
check "people whose names look alike are two" [ "$(jq -s 'map(select(.refused == null)) | length' "$work"/alike-out/students/*/intake.json)" = 6 ]
check "what is hidden is told" says ".bob is passed over"
check "also a name of dots" says "... is passed over"

# ---- wrong use -----------------------------------------------------------------------------------------------------------

intake "$work/nowhere" "$work/nowhere-out"
check "a folder that is not there is told" says "SUBMISSIONS names a folder"
intake "$again" "$again/out"
check "OUT must not lie in SUBMISSIONS" says "name a folder outside of it"
timeout 20 "$class" intake --submissions "$again" --out "$work/x" --assignments exmple --kit "$kit" >"$work/words" 2>&1
check "an assignment that is not there is told" says 'there is no assignment "exmple"'
timeout 20 "$class" intake --submissions "$alike" --out "$work/twice" --assignments "example example" --kit "$kit" >"$work/words" 2>&1
check "an assignment that is named twice is taken once" [ "$(jq -c .assignments "$work/twice/class.json")" = '["example"]' ]
timeout 20 "$class" intake --submissions "$again" >"$work/words" 2>&1
check "wrong usage has status 2" [ $? -eq 2 ]

summary
