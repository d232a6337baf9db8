#!/usr/bin/env -S bash -p
# What the documents say, tried: links and paths lead somewhere (test_printed.sh runs their commands), and
# docs/adding-an-assignment.md makes an assignment without touching any other file.
# The backquotes of Markdown are no commands:
# shellcheck disable=SC2016
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"
copy_kit
cd "$work" || exit 1
mapfile -t documents < <(find . -name '*.md' -not -path './build/*' -not -path './datasets/*/*' -not -path './class/release/kit/*' | sort)

# ---- links and paths -------------------------------------------------------------------------------

# Links of a document, as paths from the kit.
links() {
    grep -oE '\]\([^)]+\)' "$1" | sed -E 's/^\]\(//; s/[)#].*$//' | grep -vE '^(https?:|data:|$)' | sort -u
}
# What stands in `…` and is a path of the kit's own folders, with an ending.
paths() {
    grep -oE '`(common|grader|handin|planner|assignments|solutions|skeleton|tests|tools|docs|datasets|bench)/[A-Za-z0-9_./-]+\.[a-z]+`' "$1" |
        tr -d '`' | grep -vE 'NAME|ASSIGNMENT|/lesson/|rank-R' | sort -u
}

for document in "${documents[@]}"; do
    lost=
    for link in $(links "$document"); do
        if ! [ -e "$(dirname "$document")/$link" ]; then lost+=" $link"; fi
    done
    for path in $(paths "$document"); do
        if ! [ -e "$path" ] && ! [ -e "$(dirname "$document")/$path" ]; then lost+=" $path"; fi
    done
    echo "it leads to:$lost" >words
    check "$document: its links and paths lead somewhere" [ -z "$lost" ]
done

# ---- how to add an assignment -------------------------------------------------------------------------

guide=docs/adding-an-assignment.md
# The guide as a script: what it shows of a file is written there, what it shows for the shell is run.
awk '
    /^`[^`]+`:$/ { file = $0; gsub(/[`:]/, "", file); next }
    /^```sh$/ { running = 1; next }
    /^```/ && !inside && !running { inside = 1; print "cat > " file " << \"END OF FILE\""; next }
    /^```$/ && inside { inside = 0; print "END OF FILE"; next }
    /^```$/ { running = 0; next }
    inside || running' $guide | grep -v '^make lint$' >guide.sh
find . -type f -not -path './build/*' -not -path './words' -exec cksum {} + | sort -k3 >before
bash -eux guide.sh >words 2>&1
check "$guide: every step runs" [ $? -eq 0 ]
check "the solutions of the new assignment get full marks" says 'PASS             1.00 of 1.00  Every rank gets the largest number'
check "its skeleton says where to begin" says 'Begin with skeleton/lesson/largest.c'
check "its mutant is caught by name" says 'named: only one rank knows it'
check "its other right way is accepted" says 'rejected: 0 of 1 right ones'
check "it is in the table of the hand-out" grep -q '`lesson`.*largest number of all ranks.*1.00' HANDOUT.md
find . -type f -not -path './build/*' -not -path './words' -exec cksum {} + | sort -k3 >after
diff before after | grep '^[<>]' | awk '{print $4}' | sort -u |
    grep -vE '^\./((assignments|solutions|skeleton)/lesson/|HANDOUT\.md$|before$|after$)' >words
check "no other file was touched" [ ! -s words ]
for lint in rubric handout skeleton; do
    case $lint in
    rubric) build/grade --assignment lesson --lint --mutants assignments/lesson/mutants >words 2>&1 ;;
    handout) tools/handout --check >words 2>&1 ;;
    skeleton) tools/make_skeleton --check >words 2>&1 ;;
    esac
    check "the new assignment passes lint: $lint" [ $? -eq 0 ]
done
tools/levels >words 2>&1
check "the new assignment keeps to the order of the house" [ $? -eq 0 ]
tools/launch 3 build/programs/solutions/lesson --probe largest --seed 5 --evidence build >words 2>&1
check "its program runs" [ $? -eq 0 ]
check "and writes what a rank got" [ -s build/largest-2.json ]
summary
