# shellcheck shell=bash
# For tests, to be sourced behind tools/tests/support.sh: small_class OUT COUNT makes the folder of a class from real grades of the
# example: a right one, a wrong one with a known mistake, an untouched skeleton.

small_class() {
    local assignment=example grade
    local -a words=()
    mkdir -p "$work/small/right/$assignment" "$work/small/wrong/$assignment" "$work/small/skeleton/$assignment"
    cp "$kit/solutions/$assignment"/*.c "$work/small/right/$assignment"
    cp "$kit/solutions/$assignment"/*.c "$work/small/wrong/$assignment"
    cp "$kit/skeleton/$assignment"/*.c "$work/small/skeleton/$assignment"
    git apply --unsafe-paths --directory="$work/small/wrong/$assignment" "$kit/assignments/$assignment/mutants/not-divided.patch" || return 1
    for grade in right wrong skeleton; do
        "$kit/build/grade" --quiet --jobs=1 --kit="$kit" --build-folder="$kit/build" --submission="$work/small/$grade" --assignment="$assignment" \
            --out="$work/small/$grade-grade" >"$work/words" 2>&1 || { cat "$work/words"; return 1; }
        words+=("$assignment=$work/small/$grade-grade,$work/small/$grade")
    done
    python3 "$kit/class/students/tests/make_class.py" "$1" "$2" "${words[@]}"
}
