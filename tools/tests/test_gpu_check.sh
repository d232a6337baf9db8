#!/usr/bin/env -S bash -p
# tools/gpu_check and tools/gpu_pack without a GPU: what they refuse, that a step that fails keeps no other from
# running, and that both reports tell the same.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"
cd "$kit" || exit 1
export OUT=$work/out PYTHON=/bin/false
run_check() { tools/gpu_check "$@" >"$work/words" 2>&1; }

run_check --device gpu
check "a device that is none is refused" [ $? -eq 2 ]
check "and the devices are named" says 'must be cuda or emulated'
run_check --only kernels,cakes
check "a step that is none is refused" says '--only cakes: the steps are build kernels'
run_check --packed "$work/nothing"
check "a pack that is not there is refused" says 'there is no such file'

run_check --device emulated --only sanitizer
check "a step that can't be done here is skipped, and nothing has failed" [ $? -eq 0 ]
check "it says why" says '| sanitizer | skipped | there is no GPU'
check "a rehearsal says that it is one" says 'its times mean nothing'

ASSIGNMENTS='none "such\"' run_check --device emulated --only grades,sanitizer
check "a step that fails is told by the exit status" [ $? -eq 1 ]
check "the next one runs all the same" says '| sanitizer | skipped |'
jq -r '.times_mean_nothing, (.steps[] | .step, .result)' "$OUT/report.json" >"$work/words" 2>&1
check "the JSON says the same" [ "$(tr '\n' ' ' <"$work/words")" = 'true grades failed sanitizer skipped ' ]

# Rows of any text are JSON, and numbers are numbers.
# shellcheck source=tools/gpu_check_report
. tools/gpu_check_report
printf 'a "b" \\ c\t-1.5e-3\n\t7\n' >"$work/rows"
json_rows "$work/rows" text number | jq -c . >"$work/words" 2>&1
check "rows of any text" says '[{"text":"a \"b\" \\ c","number":-0.0015},{"text":"","number":7}]'

tools/gpu_pack one two >"$work/words" 2>&1
check "gpu_pack with two files is refused" [ $? -eq 2 ]
mkdir "$work/bin"
for tool in bash env dirname mkdir cat; do ln -s "$(command -v $tool)" "$work/bin/$tool"; done
PATH=$work/bin tools/gpu_pack "$work/pack.tar.gz" >"$work/words" 2>&1
check "without Debian's packages there is nothing to pack from" [ $? -eq 1 ]
check "it says so" says 'no packages of Debian'
summary
