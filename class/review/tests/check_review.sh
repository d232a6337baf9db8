#!/usr/bin/env -S bash -p
# Reviews three answers in a browser by keys alone, and looks at all pages: on a phone and a wide screen, light and dark, with
# axe-core. Then kills 20 servers at work. make check-review calls it. What can't be looked at here is skipped, with the reason.
# Exit status: 0 all is well or nothing could be looked at, 1 something is wrong.
set -uo pipefail
# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
# shellcheck source=class/review/tests/small_class.sh
. "$kit/class/review/tests/small_class.sh"

KILLS=20 "$kit/class/review/tests/test_review.sh" || exit 1

skip() {
    echo "skipped: the review is not looked at in a browser: $1 (make setup BROWSER=1)"
    exit 0
}
python=$kit/build/browser-env/bin/python shots=$kit/build/pages/review
CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
CHROMEDRIVER=$(command -v chromedriver || compgen -G "/usr/lib/chromium*/chromedriver" | head -n 1)
export CHROMIUM CHROMEDRIVER
[ -n "$CHROMIUM" ] || skip "there is no Chromium"
[ -n "$CHROMEDRIVER" ] || skip "there is no chromedriver"
"$python" -c 'import axe_selenium_python, selenium' 2>/dev/null || skip "$python is not there or lacks packages"

small_kit "$work/kit"
small_class "$work/out"
mkdir -p "$shots"
# in_browser REVIEWER: what was entered is in `entered`.
in_browser() {
    begin_review "$work/kit" "$work/out" "$1" || return
    timeout 300 "$python" "$kit/class/review/tests/in_browser.py" "$1" "$address" "$shots" "$kit/tools/pages" >"$work/words" 2>&1
    local status=$?
    kill "$server" 2>/dev/null
    wait "$server"
    head -n 1 "$work/words" >"$work/entered"
    return $status
}
# What the browser entered is what stands in the file, as Python reads it.
is_written() {
    python3 - "$work/entered" "$work/out/review/example-$1" >"$work/words" <<'PY'
import csv, json, sys
entered = json.load(open(sys.argv[1]))
def rows(end):
    return list(csv.DictReader(open(sys.argv[2] + end, newline="", encoding="utf-8")))
texts = {row["number"]: row["text"] for row in rows("-comments.csv")}
written = {}
for row in rows(".csv"):
    one = written.setdefault(row["student"], {"points": [], "comments": [], "note": ""})
    one["points"].append(float(row["points"]))
    one["comments"] += [texts[number] for number in row["comments"].split()]
    one["note"] += row["note"]
by_points = lambda all: sorted(all.values(), key=lambda one: one["points"])
print(by_points(entered), by_points(written), sep="\n")
sys.exit(by_points(entered) != by_points(written) or len(written) != 3)
PY
}
check "three answers are reviewed by keys, and all pages are well" in_browser alice
check "what was entered stands in the file" is_written alice
# Somebody else gives other points, and what differs is settled on the page.
sed 's/,why,sum,0.100,/,why,sum,0.010,/' "$work/out/review/example-alice.csv" >"$work/out/review/example-ben.csv"
cp "$work/out/review/example-alice-comments.csv" "$work/out/review/example-ben-comments.csv"
check "whoever settles sees what others gave" in_browser settled
"$kit/build/class/class" review-merge --kit "$work/kit" --out "$work/out" >"$work/words" 2>&1
settled() { says 'settled: 0.1' && ! says 'to be settled'; }
check "and what is settled stands" settled
summary
