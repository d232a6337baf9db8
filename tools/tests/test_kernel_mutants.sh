#!/usr/bin/env -S bash -p
# A few of the wrong kernels of tests/kernels/mutants.txt: make mutants-kernels has all.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

names="no_barrier no_guard swapped_sizes"
failures=0
output=$(MAKEFLAGS='' ONLY=$names make -s --no-print-directory mutants-kernels 2>&1) || failures=1
if [[ $output != *"3 wrong kernels, 3 caught"* ]]; then
    failures=1
    printf '%s:F: the wrong kernels %s\n%s\n' "${BASH_SOURCE[0]}" "$names" "$output"
fi
printf 'Running suite(s): kernel_mutants\n%d%%: Checks: 1, Failures: %d, Errors: 0\n' $((100 * (1 - failures))) $failures
[ $failures -eq 0 ]
