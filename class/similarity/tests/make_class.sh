# shellcheck shell=bash
# What the tests of similarity and viva share: to be sourced behind tools/tests/support.sh.

# make_class OUT ASSIGNMENT …: the folder of a class in which nobody is yet.
make_class() {
    local out=$1
    shift
    mkdir -p "$out/students"
    printf '{"title": "", "submissions": "/", "assignments": [%s], "deadline": null, "taken_in_at": "2026-11-20T21:03:00Z", "kit": "test"}\n' \
        "$(printf '"%s", ' "$@" | sed 's/, $//')" >"$out/class.json"
}

# add_student OUT ID ASSIGNMENT FOLDER [NAME [MEMBER …]]: who handed in the files of a folder.
add_student() {
    local to=$1/students/$2 name=${5:-$2} members
    mkdir -p "$to/submission"
    cp -r "$4" "$to/submission/$3"
    members=$(for one in "${@:6}"; do jq -n --arg id "$one" '{id: $id, name: "", email: null}'; done | jq -s .)
    if [ $# -lt 6 ]; then members=$(jq -n --arg id "$2" '[{id: $id, name: "", email: null}]'); fi
    jq -n --arg id "$2" --arg name "$name" --argjson members "$members" \
        '{id: $id, name: $name, members: $members, source: $id, sha256: null, handed_in_at: null, late_days: 0, factor: 1.0, refused: null, notes: []}' \
        >"$to/intake.json"
}
