#!/usr/bin/env -S bash -p
# Tests of tools/setup_cuda: other computers are simulated by a PATH with made-up commands and a made-up root
# folder. Nothing is installed.
set -uo pipefail

kit=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0
failures=0

# make_command NAME: a command that notes how it was called, and runs the script on standard input.
make_command() {
    {
        printf '#!%s\n' "$(command -v bash)"
        printf 'echo "%s $*" >>"%s/calls"\n' "$1" "$work"
        cat
    } >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}

# toolkit FOLDER: with a compiler and its libraries.
toolkit() {
    mkdir -p "$1/bin" "$1/lib"
    touch "$1/bin/nvcc" "$1/lib/libcublas.so.13" "$1/lib/libcudart_static.a"
    chmod +x "$1/bin/nvcc"
}

# A computer with a GPU, a driver that is new enough, and a Python that makes environments in which pip works.
computer() {
    rm -rf "${work:?}"/*
    mkdir -p "$work/bin" "$work/root/dev" "$work/kit/tools"
    touch "$work/root/dev/nvidia0"
    cp "$kit/tools/setup_cuda" "$work/kit/tools/setup_cuda"
    local name
    for name in bash env dirname readlink sed; do ln -s "$(command -v "$name")" "$work/bin/$name"; done
    make_command nvidia-smi <<<'echo "| Driver Version: 580.65   CUDA Version: 13.0 |"'
    cat >"$work/pip" <<PIP
#!$(command -v bash)
echo "pip \$*" >>"$work/calls"
lib=$work/kit/build/cuda-env/lib/python3.12/site-packages/nvidia/cu13
$(command -v mkdir) -p \$lib/bin \$lib/lib
: >\$lib/lib/libcublas.so.13
: >\$lib/lib/libcudart_static.a
: >\$lib/bin/nvcc
$(command -v chmod) +x \$lib/bin/nvcc
PIP
    chmod +x "$work/pip"
    make_command python3 <<<"$(command -v mkdir) -p \$3/bin; $(command -v cp) '$work/pip' \$3/bin/pip"
    : >"$work/calls"
}

setup() {
    output=$(env -i PATH="$work/bin" SETUP_ROOT="$work/root" "$@" "$work/kit/tools/setup_cuda" 2>&1 </dev/null)
    status=$?
    calls=$(grep -v '^nvidia-smi' "$work/calls")
}

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
called() { [[ $calls == *"$1"* ]]; }
called_nothing() { [ -z "$calls" ]; }

computer
toolkit "$work/root/usr/local/cuda"
setup
check "a toolkit: status 0" ends_with_status 0
check "a toolkit: found" says "CUDA: found ($work/root/usr/local/cuda)"
check "a toolkit: installs nothing" called_nothing

toolkit "$work/elsewhere"
setup CUDA_HOME="$work/elsewhere"
check "CUDA_HOME goes before" says "CUDA: found ($work/elsewhere)"

computer
setup
check "none: status 0" ends_with_status 0
check "none: an environment" called "python3 -m venv build/cuda-env"
check "none: PyPI's packages" called "pip install --no-cache-dir nvidia-cuda-nvcc==13.* nvidia-cuda-crt==13.* \
nvidia-cuda-runtime==13.* nvidia-nvvm==13.* nvidia-cublas==13.*"
check "none: prints the command" says "running:  build/cuda-env/bin/pip install"
check "none: found then" says "CUDA: found (build/cuda-env/lib/python3.12/site-packages/nvidia/cu13)"
: >"$work/calls"
setup
check "the second time: installs nothing" called_nothing

# A toolkit without cuBLAS does not do.
computer
toolkit "$work/root/usr/local/cuda"
rm "$work/root/usr/local/cuda/lib/libcublas.so.13"
setup
check "no cuBLAS: says so" says "and cuBLAS is not beside it"
check "no cuBLAS: PyPI's" says "CUDA: found (build/cuda-env/"
check "no cuBLAS: status 0" ends_with_status 0

computer
make_command nvidia-smi <<<'echo "| Driver Version: 550.54   CUDA Version: 12.4 |"'
setup
check "old driver: status 1" ends_with_status 1
check "old driver: both versions" says "the driver supports CUDA 12.4 at most, and PyPI's compiler is of CUDA 13"
check "old driver: installs nothing" called_nothing

computer
rm "$work/root/dev/nvidia0"
setup
check "no GPU: status 0" ends_with_status 0
check "no GPU: says so" says "can't run on this computer"

computer
rm "$work/bin/python3"
setup
check "no Python: status 1" ends_with_status 1
check "no Python: the package" says "package python3-venv"
computer
make_command python3 <<<'exit 1'
setup
check "no venv: status 1" ends_with_status 1
check "no venv: the package" says "the package python3-venv"

percent=$((100 * (checks - failures) / checks))
printf 'Running suite(s): setup_cuda\n%d%%: Checks: %d, Failures: %d, Errors: 0\n' \
    "$percent" "$checks" "$failures"
[ "$failures" -eq 0 ]
