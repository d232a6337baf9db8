#!/usr/bin/env -S bash -p
# Tests of class page: check_html.py reads the page and counts everything itself from the folder of the class.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
# shellcheck source=class/students/tests/small_class.sh
. "$kit/class/students/tests/small_class.sh"
cd "$kit" || exit 1

class=$work/class
page() { build/class/class page --out "$class" >"$work/words" 2>&1; }

check "a class is made" small_class "$class" 40
check "a page is made of it" page
check "it says what the records say, and nothing that students wrote is a part of it" python3 class/page/tests/check_html.py "$class"
cp "$class/class.html" "$work/first.html"
check "it is made again" page
# but for when it was made
same() { diff <(sed 's/Made at [^ ]*//' "$work/first.html") <(sed 's/Made at [^ ]*//' "$class/class.html") >"$work/difference-words"; }
check "and is the same" same

# The shortest example: one of the students with this mistake has fewer lines than the others.
shortest() { grep -qF 'students/s0014/' <(grep -A9 -F '</strong>, <code>average' "$class/class.html" | grep -F 'The shortest example') && grep -qF '/* as short as can be */' "$class/class.html"; }
for folder in "$class"/students/s00{02,14}; do
    [ -f "$folder/example/record.json" ] || echo "no record in $folder" >"$work/record-words"
done
printf '/* as short as can be */\n' >"$class/students/s0014/submission/example/average.c"
check "a page is made of it" page
check "the shortest example is shown" shortest

# ---- what is suspicious is said in the grader's words ------------------------------------------------

phrase_is_there() {
    local phrase=$1
    grep -rqF --include='*.c' --include='*.cfg' -- "$phrase" grader assignments
}
sed -nE 's/^ *\{"([^"]+)", "[^"]+"\},$/\1/p' class/page/suspicious.c >"$work/phrases"
check "the phrases are found" [ "$(wc -l <"$work/phrases")" -ge 10 ]
while read -r phrase; do
    check "the grader says: $phrase" phrase_is_there "$phrase"
done <"$work/phrases"
check "the grader has notes for a person to look at" phrase_is_there '"For a person to look at'

# ---- what can't be used ------------------------------------------------------------------------------

printf '{' >"$class/students/s0000/example/record.json"
page
check "a record that is cut off is told" [ $? -eq 1 ]
check "it is named" says "s0000/example/record.json"
check "the page is made of all others" grep -qF "s0001" "$class/class.html"
build/class/class page --out "$work/none" >"$work/words" 2>&1
check "a folder that is no class's is told" [ $? -eq 1 ]
build/class/class page >"$work/words" 2>&1
check "no folder is wrong usage" [ $? -eq 2 ]

summary
