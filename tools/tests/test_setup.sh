#!/usr/bin/env -S bash -p
# Tests of tools/setup: other systems are simulated by a PATH with made-up
# commands, a made-up root folder and a made-up os-release. Nothing is installed.
set -uo pipefail

kit=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0
failures=0

libraries="ompi-c openblas check libconfig jansson glib-2.0 libxxhash zlib libcmark-gfm libseccomp"
programs="gcc g++ make addr2line mpirun bwrap setpriv bsdtar jq gnuplot curl git smpirun smpicc"

# ---- a simulated computer -------------------------------------------------------------------------

# make_command NAME: a command that says (to the file "calls") how it was called,
# and then runs the script on standard input.
make_command() {
    {
        printf '#!%s\n' "$(command -v bash)"
        printf 'echo "%s $*" >>"%s/calls"\n' "$1" "$work"
        cat
    } >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}

# A computer of a system (the text of os-release) on which everything is there.
computer() {
    rm -rf "${work:?}"/*
    mkdir -p "$work/bin" "$work/modules" "$work/root/usr/include" "$work/root/etc/ssl/certs" \
        "$work/root/usr/share/datasets/fashion-mnist" "$work/root/usr/share/fonts/truetype/dejavu" \
        "$work/kit/tools"
    cp "$kit/tools/setup" "$work/kit/tools/setup"
    printf '%s\n' "$1" >"$work/os-release"
    local name
    for name in bash env awk grep tr dirname cat touch rm find mkdir; do
        ln -s "$(command -v "$name")" "$work/bin/$name"
    done
    for name in $programs; do make_command "$name" <<<''; done
    for name in $libraries; do touch "$work/modules/$name"; done
    touch "$work/root/usr/include/stdlib.h" "$work/root/usr/include/cmark-gfm-core-extensions.h" \
        "$work/root/etc/ssl/certs/ca-certificates.crt" \
        "$work/root/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf" \
        "$work/root/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"
    make_command pkg-config <<<"test -e '$work/modules/'\"\$2\""
    make_command gcc <<<'exit 1' # as a preprocessor: finds no header
    make_command id <<<'echo 0'
    make_command apt-get <<<'exit 0'
    make_command apt-cache <<<'exit 0'
    : >"$work/calls"
}

# Takes something away: a command, or a library by its name for pkg-config.
lacks() {
    local name
    for name in "$@"; do rm -f "$work/bin/$name" "$work/modules/$name"; done
}

# Runs the copy of tools/setup on that computer.
setup() {
    output=$(env -i PATH="$work/bin" SETUP_ROOT="$work/root" SETUP_OS_RELEASE="$work/os-release" \
        "$work/kit/tools/setup" "$@" 2>&1 </dev/null)
    status=$?
    calls=$(grep -v -e '^pkg-config' -e '^gcc ' -e '^id' "$work/calls")
}

# ---- checks ---------------------------------------------------------------------------------------

check() { # check WHAT CONDITION…
    checks=$((checks + 1))
    if ! "${@:2}"; then
        failures=$((failures + 1))
        printf '%s:F: %s\n  status %s, output:\n%s\n  calls:\n%s\n' "${BASH_SOURCE[0]}" "$1" \
            "$status" "$output" "$calls"
    fi
}
ends_with_status() { [ "$status" -eq "$1" ]; }
says() { [[ $output == *"$1"* ]]; }
says_not() { [[ $output != *"$1"* ]]; }
is_silent() { [ -z "$output" ]; }
called() { [[ $calls == *"$1"* ]]; }
called_nothing() { [ -z "$calls" ]; }

debian='ID=debian'
ubuntu=$'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian'

computer "$debian"
setup
check "all there: status 0" ends_with_status 0
check "all there: silent" is_silent
check "all there: calls nothing" called_nothing
setup --verbose
check "verbose names what it found" says "found: module jansson"
check "verbose: no CUDA" says "CUDA: not found"
make_command nvcc <<<''
setup --verbose
check "verbose: CUDA" says "CUDA: found ($work/bin/nvcc)"
setup --nonsense
check "wrong argument: status 2" ends_with_status 2
check "wrong argument: usage" says "usage: tools/setup"

# What was installed by hand counts, whoever packaged it.
computer "$debian"
lacks curl
make_command wget <<<''
setup
check "wget does for curl" is_silent

# Debian, as root: apt-get brings what is missing.
computer "$debian"
lacks jansson bwrap
make_command apt-get <<<"[ \$1 = update ] || { echo \"\$DEBIAN_FRONTEND\" >'$work/frontend'
touch '$work/modules/jansson' '$work/bin/bwrap'; $(command -v chmod) +x '$work/bin/bwrap'; }"
setup
check "Debian: status 0" ends_with_status 0
check "Debian: says what is missing" says "missing: libjansson-dev bubblewrap"
check "Debian: prints the command" \
    says "running:  env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends libjansson-dev bubblewrap"
check "Debian: update, then install" called \
    $'apt-get update\napt-get install --yes --no-install-recommends libjansson-dev bubblewrap'
check "Debian: asks no questions" [ "$(cat "$work/frontend")" = noninteractive ]
check "Debian: looks again" says "everything is there"

# The packages' success is not believed.
computer "$debian"
lacks jansson
setup
check "still not there: status 1" ends_with_status 1
check "still not there: names it" says "still not to be found: module jansson"

# As a user: with sudo, and without.
computer "$ubuntu"
lacks zlib
make_command id <<<'echo 1000'
make_command sudo <<<"shift; touch '$work/modules/zlib'"
setup
check "sudo: status 0" ends_with_status 0
check "sudo: used, without questions" called "sudo --non-interactive apt-get update"
check "sudo: used to install" called \
    "sudo --non-interactive env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends zlib1g-dev"
computer "$ubuntu"
lacks zlib
make_command id <<<'echo 1000'
setup
check "no sudo: status 1" ends_with_status 1
check "no sudo: the command to run" says \
    "apt-get update && apt-get install --no-install-recommends zlib1g-dev"
check "no sudo: runs nothing" called_nothing

# apt-get fails.
computer "$debian"
lacks zlib gnuplot
make_command apt-get <<<'exit 100'
setup
check "apt-get fails: status 1" ends_with_status 1
check "apt-get fails: names the packages" says "could not be installed: zlib1g-dev gnuplot-nox"
check "apt-get fails: the command to run" says \
    "sudo apt-get update && sudo apt-get install --no-install-recommends zlib1g-dev gnuplot-nox"

# Packages that not every release has.
computer "$ubuntu"
lacks openblas
rm "$work/root/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"
make_command apt-cache <<<'exit 100'
make_command apt-get <<<"touch '$work/modules/openblas'"
setup
check "older release: status 0" ends_with_status 0
check "older release: other OpenBLAS" called "--no-install-recommends libopenblas-dev"
check "older release: data by download" says "datasets/get will download the data"

# Without anything, every package is named once.
computer "$debian"
rm -rf "$work/root" "$work/modules"
lacks pkg-config
for name in $programs; do lacks "$name"; done
setup
check "bare: all packages" called "gcc g++ make pkg-config libc6-dev binutils libopenmpi-dev openmpi-bin \
libopenblas-openmp-dev check libconfig-dev libjansson-dev libglib2.0-dev libxxhash-dev zlib1g-dev \
libcmark-gfm-dev libcmark-gfm-extensions-dev bubblewrap libseccomp-dev util-linux libarchive-tools \
jq gnuplot-nox fonts-dejavu-core dataset-fashion-mnist ca-certificates curl git"

# SimGrid is tried, but nobody has to have it.
computer "$debian"
lacks smpirun smpicc
make_command apt-get <<<"[ \$1 = update ] || { touch '$work/bin/smpirun' '$work/bin/smpicc'
$(command -v chmod) +x '$work/bin/smpirun' '$work/bin/smpicc'; }"
setup
check "SimGrid: status 0" ends_with_status 0
check "SimGrid: installed" called \
    "apt-get install --yes --no-install-recommends libsimgrid-dev"
check "SimGrid: no complaint" says_not "SimGrid is not here"
computer "$debian"
lacks smpirun smpicc
make_command apt-get <<<'exit 100'
setup
check "no SimGrid to be had: status 0" ends_with_status 0
check "no SimGrid to be had: says what is missing then" says "SimGrid is not here: no simulated cluster"
check "no SimGrid to be had: how to try" says "apt-get install --no-install-recommends libsimgrid-dev"
: >"$work/calls"
setup
check "no SimGrid, asked again: status 0" ends_with_status 0
check "no SimGrid, asked again: does not try at every turn" called_nothing
computer "$ubuntu"
lacks smpirun smpicc
make_command id <<<'echo 1000'
setup
check "SimGrid without root: status 0" ends_with_status 0
check "SimGrid without root: runs nothing" called_nothing
check "SimGrid without root: says so" says "SimGrid is not here"
computer 'ID=arch'
lacks smpirun
setup
check "SimGrid elsewhere: status 0" ends_with_status 0
check "SimGrid elsewhere: where to find it" says "https://simgrid.org"

# Other systems: names and command, nothing is run.
computer $'ID=fedora\nVERSION_ID=42'
lacks ompi-c mpirun glib-2.0 libcmark-gfm
setup
check "Fedora: status 1" ends_with_status 1
check "Fedora: command" says "install with:  sudo dnf install openmpi-devel openmpi glib2-devel"
check "Fedora: Open MPI's module" says "module load mpi/openmpi-"
check "Fedora: cmark-gfm from source" says "https://github.com/github/cmark-gfm"
check "Fedora: runs nothing" called_nothing
computer $'ID="rocky"\nID_LIKE="rhel centos fedora"'
lacks bwrap g++
setup
check "Fedora's relatives" says "sudo dnf install gcc-c++ bubblewrap"
computer 'ID=arch'
lacks ompi-c mpirun libcmark-gfm
setup
check "Arch: status 1" ends_with_status 1
check "Arch: command" says "install with:  sudo pacman -S --needed openmpi cmark-gfm"
computer ''
rm "$work/os-release"
lacks ompi-c mpirun libcmark-gfm bwrap
make_command brew <<<''
setup
check "Homebrew: status 1" ends_with_status 1
check "Homebrew: command" says "install with:  brew install open-mpi cmark-gfm"
check "Homebrew: runs nothing" called_nothing
computer ''
rm "$work/os-release"
lacks bwrap
make_command brew <<<''
setup
check "Homebrew: what has no package" says "no package for it here: command bwrap"
computer 'ID=plan9'
lacks check
setup
check "unknown system: status 1" ends_with_status 1
check "unknown system: Debian's names" says "missing: check"

# The developers' tools are asked for only on demand.
computer 'ID=arch'
setup
check "no developers' tools without --developer" is_silent
setup --developer
check "developers' tools" says "sudo pacman -S --needed clang compiler-rt shellcheck cppcheck graphviz bear"

percent=$((100 * (checks - failures) / checks))
printf 'Running suite(s): setup\n%d%%: Checks: %d, Failures: %d, Errors: 0\n' \
    "$percent" "$checks" "$failures"
[ "$failures" -eq 0 ]
