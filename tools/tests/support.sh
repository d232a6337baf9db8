# shellcheck shell=bash
# What the scripts that test the kit share: to be sourced. Defines kit, its folder, and work, a new one.

kit=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0
failures=0

# check WHAT COMMAND …: one check. Where it fails, it is named, and what stands in work/*words is shown.
check() {
    checks=$((checks + 1))
    if "${@:2}"; then return; fi
    failures=$((failures + 1))
    printf 'failed: %s\n' "$1"
    cat "$work"/*words
}

# Is the text among what the last command said?
says() { grep -qF -- "$1" "$work/words"; }

# The line that all tests of the kit end with; false if any failed.
summary() {
    echo "$((100 * (checks - failures) / checks))%: Checks: $checks, Failures: $failures, Errors: 0"
    [ "$failures" -eq 0 ]
}

# Puts the kit into `work`, with what is built in it. Its make is not a part of the one that runs the tests, and
# does not read what each object depends on, which takes most of its time: nobody changes a header there.
copy_kit() {
    local part
    tar -C "$kit" --exclude=./build --exclude=./.git -cf - . | tar -C "$work" -xf -
    mkdir -p "$work"/build/{simulator,handin,planner}
    for part in common grader assignments handin planner class solutions libcommon.a libgrader.a libhandin.a \
        libplanner.a libclass.a grade kit-version sources config.mk linker.mk processor has-simulator \
        simulator/common simulator/assignments simulator/solutions simulator/libcommon.a; do
        if [ -e "$kit/build/$part" ]; then cp -aT "$kit/build/$part" "$work/build/$part"; fi
    done
    find "$work/build" -name '*.d' -delete
    unset MAKEFLAGS MAKELEVEL MFLAGS SANITIZE B
}
