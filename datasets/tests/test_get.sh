#!/usr/bin/env -S bash -p
# Tests of datasets/get, with made-up downloads and in a folder of their own.
# What needs the content of Fashion-MNIST is left out where Debian's package is
# not installed.
set -uo pipefail

get=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/get
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0
failures=0
packed=/usr/share/datasets/fashion-mnist
names="train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte"

# ---- a folder and made-up commands ----------------------------------------------------------------

fresh() {
    rm -rf "${work:?}"/*
    mkdir -p "$work/bin" "$work/datasets" "$work/debian"
    make_command curl <<<'echo "curl: no network" >&2; exit 6'
}

make_command() {
    { printf '#!/usr/bin/env bash\n' && cat; } >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}

run_get() { # run_get [VARIABLE=VALUE…] -- ARGUMENT…
    local -a settings=()
    while [ "$1" != -- ]; do
        settings+=("$1")
        shift
    done
    shift
    output=$(env -u FASHION_MNIST_DIR -u CIFAR10_DIR -u TEXT_FILE PATH="$work/bin:$PATH" \
        DATASETS_FOLDER="$work/datasets" DEBIAN_DATASETS="$work/debian" \
        ${settings[@]+"${settings[@]}"} "$get" "$@" 2>&1)
    status=$?
}

make_download() { # make_download COMMAND: what curl "downloads" is the command's output
    make_command curl <<<"while [ \"\$1\" != --output ]; do shift; done; $1 >\"\$2\""
}

# An archive like CIFAR-10's, with this many records per file; all zero, so it packs well.
make_archive() {
    local name
    mkdir -p "$work/archive/cifar-10-batches-bin"
    for name in data_batch_{1,2,3,4,5}.bin test_batch.bin; do
        truncate -s $((3073 * $1)) "$work/archive/cifar-10-batches-bin/$name"
    done
    tar -C "$work/archive" -cf - cifar-10-batches-bin | gzip -1 >"$work/archive.tar.gz"
    rm -r "$work/archive"
    make_download "cat '$work/archive.tar.gz'"
}

# ---- checks ---------------------------------------------------------------------------------------

check() { # check WHAT CONDITION…
    checks=$((checks + 1))
    if ! "${@:2}"; then
        failures=$((failures + 1))
        printf '%s:F: %s\n  status %s, output:\n%s\n' "${BASH_SOURCE[0]}" "$1" "$status" "$output"
    fi
}
ends_with_status() { [ "$status" -eq "$1" ]; }
says() { [[ $output == *"$1"* ]]; }
is_silent() { [ -z "$output" ]; }
# Only these are in the datasets folder: nothing unfinished is left behind.
holds_only() { [ "$(ls -A "$work/datasets")" = "$1" ]; }

fresh
run_get --
check "no argument: status 2" ends_with_status 2
check "no argument: usage" says "usage: datasets/get fashion-mnist|cifar10|text"
run_get -- imagenet
check "unknown set: status 2" ends_with_status 2

# ---- Fashion-MNIST
run_get -- fashion-mnist
check "no network: status 1" ends_with_status 1
check "no network: what to do" says "Install Debian's package dataset-fashion-mnist"
check "no network: nothing left behind" holds_only ""

run_get FASHION_MNIST_DIR=/nowhere -- fashion-mnist
check "wrong variable: status 1" ends_with_status 1
check "wrong variable: names it" says 'FASHION_MNIST_DIR is "/nowhere"'
mkdir "$work/mine"
for name in $names; do touch "$work/mine/$name.gz"; done
run_get FASHION_MNIST_DIR="$work/mine" -- fashion-mnist
check "own folder: used as it is" is_silent
check "own folder: status 0" ends_with_status 0

# A download of something else.
make_download 'echo other | gzip'
run_get -- fashion-mnist
check "other content: status 1" ends_with_status 1
check "other content: checksum" says \
    "expected c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
check "other content: nothing left behind" holds_only ""
make_download 'echo "not gzip"'
run_get -- fashion-mnist
check "no gzip: status 1" ends_with_status 1
check "no gzip: says so" says "can't be unpacked"
check "no gzip: nothing left behind" holds_only ""

if [ -r "$packed/train-images-idx3-ubyte.gz" ]; then
    fresh
    ln -s "$packed" "$work/debian/fashion-mnist"
    run_get -- fashion-mnist
    check "Debian's package: status 0" ends_with_status 0
    check "Debian's package: unpacked" [ "$(stat -c %s "$work/datasets/fashion-mnist/train-images-idx3-ubyte")" = 47040016 ]
    check "Debian's package: nothing else" holds_only fashion-mnist
    check "readable by others" [ "$(stat -c %a "$work/datasets/fashion-mnist/t10k-labels-idx1-ubyte")" = 644 ]
    started=${EPOCHREALTIME/[.,]/}
    run_get -- fashion-mnist
    took=$((${EPOCHREALTIME/[.,]/} - started))
    check "already there: silent" is_silent
    check "already there: quick ($took µs)" [ "$took" -lt 500000 ]
    # A cut off file is mended, now by download.
    truncate -s 100 "$work/datasets/fashion-mnist/t10k-labels-idx1-ubyte"
    rm "$work/debian/fashion-mnist"
    make_command curl <<<"file=\"\${@: -1}\"
        while [ \"\$1\" != --output ]; do shift; done; cp '$packed/'\"\${file##*/}\" \"\$2\""
    run_get -- fashion-mnist
    check "cut off file: mended" [ "$(stat -c %s "$work/datasets/fashion-mnist/t10k-labels-idx1-ubyte")" = 10008 ]
    check "download: status 0" ends_with_status 0
    check "download: says from where" says "downloading http://fashion-mnist.s3-website"
    check "download: nothing else" holds_only fashion-mnist
else
    echo "Debian's dataset-fashion-mnist is not installed: some checks are left out"
fi

# ---- CIFAR-10
fresh
run_get -- cifar10
check "cifar10, no network: status 1" ends_with_status 1
check "cifar10, no network: what to do" says "set CIFAR10_DIR"
check "cifar10, no network: nothing left behind" holds_only ""
run_get CIFAR10_DIR=/nowhere -- cifar10
check "cifar10, wrong variable: status 1" ends_with_status 1
check "cifar10, wrong variable: names file" says 'CIFAR10_DIR is "/nowhere", where data_batch_1.bin is not there'

make_archive 1
run_get -- cifar10
check "cifar10, other archive: status 1" ends_with_status 1
check "cifar10, other archive: checksum" says "expected c32a1d4ab5d03f1284b67883e8d87530"
check "cifar10, other archive: nothing left behind" holds_only ""

# From here on the checksum is taken to be right.
make_command md5sum <<<'echo "c32a1d4ab5d03f1284b67883e8d87530  -"'
run_get -- cifar10
check "cifar10, too few records: status 1" ends_with_status 1
check "cifar10, too few records: says so" says "data_batch_1.bin has 3073 bytes, expected 30730000"
make_archive 10000
run_get -- cifar10
check "cifar10: status 0" ends_with_status 0
check "cifar10: nothing else" holds_only cifar-10-batches-bin
run_get -- cifar10
check "cifar10, already there: silent" is_silent
truncate -s 3073 "$work/datasets/cifar-10-batches-bin/test_batch.bin"
run_get CIFAR10_DIR="$work/datasets/cifar-10-batches-bin" -- cifar10
check "cifar10, own folder: fewer records are fine" is_silent
truncate -s 3074 "$work/datasets/cifar-10-batches-bin/test_batch.bin"
run_get CIFAR10_DIR="$work/datasets/cifar-10-batches-bin" -- cifar10
check "cifar10, own folder: half a record is not" says "where test_batch.bin has 3074 bytes"
run_get -- cifar10
check "cifar10, damaged: mended" [ "$(stat -c %s "$work/datasets/cifar-10-batches-bin/test_batch.bin")" = 30730000 ]
check "cifar10, damaged: nothing else" holds_only cifar-10-batches-bin

# ---- what goes wrong on the way
fresh
# A download that gets nowhere, and is ended like a command at a terminal, with all that it has started.
make_command curl <<<"touch '$work/begun'; exec sleep 20"
env -u CIFAR10_DIR PATH="$work/bin:$PATH" DATASETS_FOLDER="$work/datasets" setsid "$get" cifar10 \
    >"$work/output" 2>&1 &
pid=$!
for _ in {1..100}; do [ -e "$work/begun" ] || sleep 0.1; done
kill -s TERM -- "-$pid"
wait "$pid"
status=$?
output=$(cat "$work/output")
check "interrupted: not 0" [ "$status" -ne 0 ]
check "interrupted: nothing left behind" holds_only ""
# What was killed leaves its folder; the next one clears it away.
mkdir "$work/datasets/.get.abcdef"
make_command curl <<<'exit 7'
run_get -- cifar10
check "killed: cleared away" holds_only ""

# Two at the same time: the second waits, and finds it there.
fresh
make_command md5sum <<<'echo "c32a1d4ab5d03f1284b67883e8d87530  -"'
make_archive 10000
make_command curl <<<"while [ \"\$1\" != --output ]; do shift; done
    echo >>'$work/downloads'; sleep 1; cat '$work/archive.tar.gz' >\"\$2\""
for number in 1 2 3; do
    env -u CIFAR10_DIR PATH="$work/bin:$PATH" DATASETS_FOLDER="$work/datasets" "$get" cifar10 \
        >"$work/output$number" 2>&1 &
    pids[number]=$!
done
for number in 1 2 3; do
    wait "${pids[number]}"
    status=$?
    output=$(cat "$work/output$number")
    check "three at once: status 0" ends_with_status 0
done
output=$(cat "$work"/output?)
check "three at once: others wait" says "another datasets/get is at work in $work/datasets"
check "three at once: one download" [ "$(wc -l <"$work/downloads")" -eq 1 ]
check "three at once: nothing else" holds_only cifar-10-batches-bin

# No room.
fresh
make_command df <<<'echo head; echo "/dev/x 500000 400000 100000 80% /"'
run_get -- cifar10
check "cifar10, no room: status 1" ends_with_status 1
check "cifar10, no room: says how much" says "$work/datasets has room for 100 MB, and this takes 350 MB"
check "cifar10, no room: nothing left behind" holds_only ""

# Where nothing can be written, packed files will do, unless damaged ones come before them.
make_command df <<<'echo head; echo "/dev/x 500000 499000 1000 99% /"'
mkdir -p "$work/debian/fashion-mnist"
for name in $names; do echo "$name" | gzip >"$work/debian/fashion-mnist/$name.gz"; done
run_get -- fashion-mnist
check "no room: status 0" ends_with_status 0
check "no room: packed files" says "has room for 1 MB, and this takes 90 MB: the packed files in $work/debian"
mkdir "$work/datasets/fashion-mnist"
echo short >"$work/datasets/fashion-mnist/train-labels-idx1-ubyte"
run_get -- fashion-mnist
check "no room, damaged: status 1" ends_with_status 1
check "no room, damaged: which" says "train-labels-idx1-ubyte has 6 bytes, expected 60008"
rm -r "$work/datasets/fashion-mnist"
truncate -s 20 "$work/debian/fashion-mnist/t10k-images-idx3-ubyte.gz"
run_get -- fashion-mnist
check "no room, nor packed files: status 1" ends_with_status 1
check "no room, nor packed files: says so" says "has room for 1 MB"
rm "$work/bin/df"
make_command mktemp <<<'echo "mktemp: failed to create: Read-only file system" >&2; exit 1'
run_get -- cifar10
check "read-only: status 1" ends_with_status 1
check "read-only: says so" says "Read-only file system"

# ---- text
fresh
run_get -- text
check "no text: status 1" ends_with_status 1
check "no text: what to do" says "set TEXT_FILE to a text"
printf 'abc' >"$work/datasets/text.txt"
run_get -- text
check "text: silent" is_silent
run_get TEXT_FILE=/nowhere -- text
check "text, wrong variable: status 1" ends_with_status 1
check "text, wrong variable: names it" says 'TEXT_FILE is "/nowhere"'
run_get TEXT_FILE="$work/datasets" -- text
check "text, a folder: status 1" ends_with_status 1
run_get TEXT_FILE="$work/datasets/text.txt" -- text
check "text, own file: silent" is_silent

percent=$((100 * (checks - failures) / checks))
printf 'Running suite(s): get\n%d%%: Checks: %d, Failures: %d, Errors: 0\n' \
    "$percent" "$checks" "$failures"
[ "$failures" -eq 0 ]
