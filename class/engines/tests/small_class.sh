# shellcheck shell=bash
# A small class for tests of engines, all of one assignment that takes a second to grade: to be sourced behind support.sh. What each of its
# grades must be is known beforehand: every third has handed in the skeleton, all others the solutions.
# support.sh defines kit and work; who sources this reads command:
# shellcheck disable=SC2154,SC2034

# small_class OUT NUMBER: the folder of a class, as intake leaves it. Each submission differs from all others.
small_class() {
    local out=$1 number id folder files sha
    mkdir -p "$out/students"
    for ((number = 1; number <= $2; number++)); do
        printf -v id 's%03d' "$number"
        folder=$out/students/$id
        files=$((number % 3))
        mkdir -p "$folder/submission/example"
        cp "$kit/$([ "$files" = 0 ] && echo skeleton || echo solutions)/example/average.c" "$folder/submission/example/"
        echo "// $number" >>"$folder/submission/example/average.c"
        sha=$(sha256sum <"$folder/submission/example/average.c")
        jq -n --arg id "$id" --arg sha "${sha%% *}" '{id: $id, name: "Name of \($id)", members: [{id: $id, name: "Name, of \"\($id)\"",
            email: "\($id)@example.org"}], source: $id, sha256: $sha, handed_in_at: null, late_days: 0, factor: 1, refused: null,
            notes: []}' >"$folder/intake.json"
    done
    jq -n '{title: "Small", submissions: "/handed-in", assignments: ["example"], deadline: null, taken_in_at: "2026-11-20T21:03:00Z",
        kit: "one"}' >"$out/class.json"
}

# What grades.csv has to say of a small class of this many, by the way it was made: id, state, final points.
small_grades() {
    local number
    echo "id,state,final"
    for ((number = 1; number <= $1; number++)); do printf 's%03d,graded,%d.00\n' "$number" "$((number % 3 ? 1 : 0))"; done
}

# The same of what was graded, as Python reads it.
graded_as() { # OUT
    python3 -c 'import csv, sys
for row in csv.reader(open(sys.argv[1] + "/grades.csv", newline="")):
    print(row[0], row[5], row[6], sep=",")' "$1"
}

# grades.csv without what differs from one time to the next: tries, and when it was.
without_times() { # OUT
    python3 -c 'import csv, sys
for row in csv.DictReader(open(sys.argv[1] + "/grades.csv", newline="")):
    print({k: v for k, v in row.items() if k not in ("tries", "graded_at")})' "$1"
}

# What nobody may leave in the folder of a class, or where graders work.
leftovers() { # OUT TMPDIR
    find "$1" -name '.*' ! -path "$1" ! -path "$1/.lock"
    find "$1" -regex '.*\.[A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9]'
    find "$2" -mindepth 1 -maxdepth 1
}

# Has everything that names this folder ended, soon?
nobody_at() { # FOLDER
    local tries
    for tries in {1..100}; do
        pgrep -f -- "$1" >"$work/left.words" || return 0
        sleep 0.2
    done
    echo "left after $((tries / 5)) s:" >>"$work/left.words"
    return 1
}

# A whole grading of a class by the engine, without intake.
grade_class() { # OUT ENGINE JOBS
    (cd "$kit" && exec class/engines/grade_class "$1" "$2" "$3" "${B:-build}" '')
}

# The same in the background, in a session of its own, whose number becomes that of the command: sets command.
begin_grading() { # OUT ENGINE JOBS FILE-FOR-WORDS
    (cd "$kit" && exec setsid class/engines/grade_class "$1" "$2" "$3" "${B:-build}" '') >"$4" 2>&1 &
    command=$!
}

# Does no line of the file begin with this word?
not_in() { # FILE WORD
    ! grep "^$2" "$1" >"$work/lines.words"
}
