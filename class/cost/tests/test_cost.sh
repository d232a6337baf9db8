#!/usr/bin/env -S bash -p
# class cost, which make class-cost runs: of a class whose figures are known without it.
set -uo pipefail
# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
class=$kit/${B:-build}/class/class
out=$work/class
mkdir -p "$out/students"
echo '{"title": "", "submissions": "/handed-in", "assignments": ["example", "other"], "taken_in_at": "2026-11-20T21:03:00Z",
    "kit": "one"}' >"$out/class.json"
cost() { "$class" cost --out "$out" >"$work/words" 2>&1; }

graded() { # ID WALL PROCESSOR
    local folder=$out/students/$1
    mkdir -p "$folder/example"
    echo "{\"id\": \"$1\", \"name\": \"\", \"members\": [{\"id\": \"$1\", \"name\": \"\"}], \"source\": \"$1\", \"sha256\": \"x\",
        \"late_days\": 0, \"factor\": 1, \"notes\": []}" >"$folder/intake.json"
    echo "{\"finished\": true, \"exit_status\": 0, \"wall_seconds\": $2, \"processor_seconds\": $3}" >"$folder/example/run.json"
}

cost
check "without a grade there is nothing to say" [ $? -eq 1 ]
says "nothing is graded yet"
check "and it says so" [ $? -eq 0 ]

# Each takes 12 s of one core: 300 take 150 rounds on 2 cores, 1,000 take 16 on 64.
for number in {1..8}; do graded "s$number" 12 12; done
printf 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n' >"$out/jobs.log"
for number in {0..7}; do
    printf '%d\t:\t%d.000\t    12.000\t0\t0\t0\t0\tjob\n' $((number + 1)) $((1700000000 + 12 * number)) >>"$out/jobs.log"
done
cost
check "a class of equal ones" [ $? -eq 0 ]
says "| processor | 12.0 | 12.0 | 12.0 | 12.0 | 12.0 |"
check "has equal figures" [ $? -eq 0 ]
says "| 300 | one for each core | 30.0 (30.0 to 30.0) | 3.8 (3.8 to 3.8) | 1.0 (1.0 to 1.0) |"
check "300 take whole rounds" [ $? -eq 0 ]
says "| 1000 | one for each core | 100.0 (100.0 to 100.0) | 12.6 (12.6 to 12.6) | 3.2 (3.2 to 3.2) |"
check "and 1,000, too" [ $? -eq 0 ]
says "By the job log, 8 jobs, 1 at most at the same time, took 1.6 minutes. The model says 1.6"
check "the job log is compared" [ $? -eq 0 ]

# One that waits for ten minutes and computes nothing: Python's figures.
graded s9 600 1
cost
expected=$(python3 -c '
from statistics import mean, median, quantiles
def row(what, numbers):
    return "| %s | %.1f | %.1f | %.1f | %.1f | %.1f |" % (what, min(numbers), median(numbers), mean(numbers),
        quantiles(numbers, n=20, method="inclusive")[18], max(numbers))
print(row("by the clock", [12] * 8 + [600]))')
says "$expected"
check "quantiles are those of Python: $expected" [ $? -eq 0 ]
summary
