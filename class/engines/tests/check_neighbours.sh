#!/usr/bin/env -S bash -p
# class/engines/tests/check_neighbours.sh ASSIGNMENT NEIGHBOURS SIZE CHECK BUILD-FOLDER: make check-neighbours
# Does a grade depend on what is graded beside it? Grades SIZE submissions (the solutions, the skeleton, and mutants taken
# evenly from all, right ones among them) one after the other, and once more NEIGHBOURS at a time, and compares what
# record.json says of each check: state, points, whose fault, which mistake. Right ones must pass both times. CHECK as in
# make grade makes it cheaper; without, everything is graded. Not a part of make check: minutes.
set -uo pipefail
# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
cd "$kit" || exit 1
assignment=$1 neighbours=$2 size=$3 only=$4 build=$5
: >"$work/words"

# ---- submissions ----------------------------------------------------------------------------------------------

# Some patches are of all of solutions/, most of one folder in it.
make_mutant() { # NAME FOLDER
    local patch=$kit/assignments/$assignment/mutants/$1.patch folder=$2
    mkdir -p "$folder"
    cp -a solutions/. "$folder"
    if ! grep -q "^--- a/[^/]*/" "$patch"; then folder=$folder/$assignment; fi
    (cd "$folder" && git apply --whitespace=nowarn "$patch")
}

# Names at equal distances, as many as are wanted.
evenly() { # NUMBER
    awk -v wanted="$1" '{ names[NR] = $0 } END {
        if (wanted > NR) wanted = NR
        for (i = 0; i < wanted; i++) print names[int(i * NR / wanted) + 1] }'
}

mutants() { find "assignments/$assignment/mutants" -name '*.cfg' -printf '%f\n' | sed 's/\.cfg$//' | sort; }
mapfile -t right < <(mutants | grep '^right' | evenly $((size / 4)))
mapfile -t wrong < <(mutants | grep -v '^right' | evenly $((size - ${#right[@]} - 2)))
names=(solutions skeleton "${right[@]}" "${wrong[@]}")
mkdir "$work/submissions"
cp -a solutions skeleton "$work/submissions"
for name in "${right[@]}" "${wrong[@]}"; do
    make_mutant "$name" "$work/submissions/$name" >"$work/patch" 2>&1 || { echo "$name:" && cat "$work/patch"; } >>"$work/words"
done
check "each mutant is made" [ ! -s "$work/words" ]

# ---- twice ------------------------------------------------------------------------------------------------------

# shellcheck disable=SC2317 # parallel calls it
one() { # FOLDER NAME
    "$build/grade" --submission "$work/submissions/$2" --assignment "$assignment" --build-folder "$build" --out "$work/$1/$2" \
        --jobs 1 --svg --quiet ${only:+--check "$only"} >"$work/$1/$2.said" 2>&1
    echo "$?" >"$work/$1/$2.status"
}
export -f one
export build work assignment only
all_at() { # FOLDER NUMBER
    local began=$SECONDS
    mkdir "$work/$1"
    printf '%s\n' "${names[@]}" | PARALLEL_SHELL=/bin/bash PARALLEL_HOME=$work parallel --plain --will-cite --jobs "$2" \
        --tmpdir "$work" one "$1" '{}'
    echo "${#names[@]} submissions, $2 at a time: $((SECONDS - began)) s" >&2
}

# What must not depend on neighbours, one line for each check.
verdicts() { # FOLDER
    local name
    for name in "${names[@]}"; do
        jq -r --arg name "$name" '.checks[] | [$name, .name, .state, .points, .culprit, .mistake] | @tsv' "$work/$1/$name/record.json" ||
            echo "$name: no record: $(tail -n 1 "$work/$1/$name.said")"
    done
}

all_at alone 1
all_at together "$neighbours"
verdicts alone >"$work/alone.verdicts" 2>&1
verdicts together >"$work/together.verdicts" 2>&1
diff "$work/alone.verdicts" "$work/together.verdicts" >"$work/words"
check "$neighbours at a time, all verdicts are those of grades alone" [ ! -s "$work/words" ]
grep -vx 0 "$work"/*/*.status >"$work/words"
check "each grade came to its end" [ ! -s "$work/words" ]
grep -P "^(solutions|right[^\t]*)\t" "$work/together.verdicts" | grep -vP "\t(PASS|for a person|not judged)\t" >"$work/words"
check "right ones pass" [ ! -s "$work/words" ]
grep -P "\tnot judged\t" "$work/together.verdicts" | cut -f 2,3,5 | sort | uniq -c >&2
echo "$(wc -l <"$work/alone.verdicts") verdicts, $(grep -cP "\tFAIL\t" "$work/alone.verdicts") of them failures" >&2
summary
