# shellcheck shell=bash
# A small kit and a small class for tests, to be sourced behind tools/tests/support.sh, which defines kit and work.

# small_kit FOLDER: the kit's example, with two checks that a person judges, the first of which has two items.
small_kit() {
    local to=$1
    mkdir -p "$to"/{assignments/example,skeleton/example,class/review,grader/rubric,common}
    cp "$kit/grader/rubric/calls.cfg" "$to/grader/rubric/"
    cp "$kit"/assignments/example/*.cfg "$to/assignments/example/"
    ln -s "$kit/common/platforms" "$to/common/platforms"
    ln -s "$kit/class/review/page" "$to/class/review/page"
    cat >"$to/assignments/example/rubric.cfg" <<'CFG'
assignment = "example";
template = true;
files = ( { name = "average.c"; question = "Q1"; begin = 1; }, { name = "answers.md"; } );
tiers = (
  { name = "Tier 1 of 2: the mean of all ranks"; points = 1.0;
    checks = (
      { name = "average"; title = "Every rank gets the mean of all numbers"; points = 1.0; question = "Q1";
        judge = "average"; files = ( "average.c" ); look = "average: who divides";
        runs = ( { ranks = 3; arguments = "--probe average"; seconds = 5.0; } ); } ); },
  { name = "Tier 2 of 2: words"; points = 0.6;
    checks = (
      { name = "why"; title = "Q2: why the mean & not the sum"; points = 0.4; question = "Q2"; judge = "person";
        heading = "Q2"; files = ( "answers.md" ); },
      { name = "tested"; title = "How it was tested"; points = 0.2; judge = "person";
        heading = "How it was tested"; files = ( "answers.md" ); } ); } );
CFG
    cat >"$to/assignments/example/review.cfg" <<'CFG'
checks = ( { check = "why"; items = ( { name = "mean"; title = "says what the mean is for"; points = 0.3; },
                                      { name = "sum"; title = "says what the sum would do"; points = 0.1; } ); } );
CFG
    printf '# Answers\n\n## Q2\n\nWhy the mean, and not the sum?\n\n\n## How it was tested\n\nHow was it tested?\n\n' \
        >"$to/skeleton/example/answers.md"
}

# small_class OUT: five students: ada, bob, cy and dee wrote something, eve only has the questions, fay handed in nothing.
small_class() {
    local out=$1
    mkdir -p "$out"
    printf '{"title":"","submissions":"/nowhere","assignments":["example"],"deadline":null,"taken_in_at":"2026-11-20T21:03:00Z","kit":"test"}\n' \
        >"$out/class.json"
    student "$out" ada "Ada Lovelace" 'Because gradients of *all* ranks count alike, says Ada Lovelace (ada@example.org).'
    student "$out" bob "Bob <b>Bold</b>" $'<script>document.title = "broken in"</script>\n\n[click](javascript:alert(1)) <img src=x onerror=alert(1)> ![p](http://evil.example/p.png)\n\n| a | b |\n|---|---|\n| 1 | <b>2</b> |\n\n```c\n</code><script>alert(2)</script>  x\nint  y;\n```'
    student "$out" cy "=cmd|calc" $'The sum would grow with the number of ranks: \xe2\x88\x91 and \xf0\x9f\xa6\xa6 are UTF-8.\n\n### Own heading\n\n- one\n- two'
    student "$out" dee "Dee" 'With the sum, the learning rate would have to shrink when ranks are added.'
    student "$out" eve "Eve" ''
    student "$out" fay "Fay" ''
    rm -r "$out/students/fay/submission"
    sed -i 's/"refused": *null/"refused":"Nothing was handed in."/' "$out/students/fay/intake.json"
}

# student OUT ID NAME ANSWER
student() {
    local folder=$1/students/$2
    mkdir -p "$folder/submission/example"
    jq -n --arg id "$2" --arg name "$3" '{id: $id, name: $name, members: [{id: $id, name: $name, email: ($id + "@example.org")}],
        source: ($id + ".zip"), sha256: null, handed_in_at: null, late_days: 0, factor: 1, refused: null, notes: []}' \
        >"$folder/intake.json"
    echo 'void average(void);' >"$folder/submission/example/average.c"
    printf '# Answers\n\n## Q2\n\nWhy the mean, and not the sum?\n\n%s\n\n## How it was tested\n\nHow was it tested?\n\n%s\n' \
        "$4" "${4:+With three ranks, and four.}" >"$folder/submission/example/answers.md"
}

# begin_review KIT OUT REVIEWER [ARGUMENT …]: starts a server; its process is `server`, its address `address`.
begin_review() {
    local tries
    : >"$work/server"
    "$kit/build/class/class" review --kit "$1" --out "$2" --assignment example --reviewer "$3" "${@:4}" >"$work/server" 2>"$work/server-words" &
    server=$!
    for ((tries = 0; tries < 200; tries++)); do
        address=$(grep -oE 'http://127[^ ]*' "$work/server")
        if [ -n "$address" ]; then return; fi
        if ! kill -0 "$server" 2>/dev/null; then return 1; fi
        sleep 0.05
    done
    return 1
}
