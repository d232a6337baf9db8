#!/usr/bin/env -S bash -p
# The page of class review as programs see it: who is let in, what is refused, what is written down, and that nothing of it is lost.
# KILLS=number: how often a server is killed while answers come in (3).
set -uo pipefail
# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../../tools/tests/support.sh"
# shellcheck source=class/review/tests/small_class.sh
. "$kit/class/review/tests/small_class.sh"
trap 'kill -9 $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
unset http_proxy HTTP_PROXY all_proxy ALL_PROXY
cd "$work" || exit
small_kit "$work/kit"
small_class "$work/out"
table=$work/out/review/example-alice.csv

# ask [CURL'S WORD …]: the body is in words, the head in head-words, the status in `status`.
ask() { status=$(curl -s -m 20 --path-as-is -D "$work/head-words" -o "$work/words" -w '%{http_code}' "$@"); }
is() { [ "$status" = "$1" ] || { echo "the status is $status, not $1" >>"$work/words" && false; }; }
refused() { ask "${@:2}" && is "$1"; }
# send PATH JSON [CURL'S WORD …]: as the page does.
send() { ask -H "Origin: $origin" -H 'Content-Type: application/json' --data-binary "$2" "${@:3}" "$address$1"; }
begin() {
    begin_review "$work/kit" "$work/out" "$@" || { echo "failed: no server begins" && cat "$work"/server*; }
    origin=${address%/*/}
    token=${address#"$origin/"} token=${token%/}
}
end() {
    kill "$server" 2>/dev/null
    wait "$server"
}
# handle STUDENT [CHECK]: what the page calls it, by another implementation of the same formula.
handle() {
    python3 -c 'import hashlib, hmac, sys
key = open(sys.argv[1], "rb").read()
print(hmac.new(key, b"".join(w.encode() + b"\0" for w in ("handle", sys.argv[3], "", sys.argv[2])), hashlib.sha256).hexdigest()[:16])' \
        "$work/out/review/key" "$1" "${2:-why}"
}
# rows FILE: as Python's csv reads it, one JSON list a line.
rows() { python3 -c 'import csv, json, sys
for row in csv.reader(open(sys.argv[1], encoding="utf-8", newline="")): print(json.dumps(row[:7], ensure_ascii=False))' "$1"; }
good='{"points":{"mean":0.25,"sum":0.1},"comments":[],"note":""}'

# ---- who is let in ---------------------------------------------------------------------------------------------------
begin alice
ask "$address"
check "the page is there" is 200
check "it lists the questions" says 'Q2: why the mean &amp; not the sum'
for header in 'Cache-Control: no-store' "default-src 'none'" "frame-ancestors 'none'" 'X-Content-Type-Options: nosniff' 'Referrer-Policy: same-origin'; do
    check "every reply says $header" grep -qF "$header" "$work/head-words"
done
check "without the secret part there is nothing" refused 403 "$origin/"
check "nor with another" refused 403 "$origin/${token//[0-9]/a}/"
last=${token: -1}
check "nor with one that is nearly right" refused 403 "$origin/${token%?}$([ "$last" = 0 ] && echo 1 || echo 0)/"
check "nor with a longer one" refused 403 "$origin/${token}0/"
check "nor with a part of it" refused 403 "$origin/${token%?}/"
check "another name of this computer is not its name" refused 403 -H 'Host: evil.example' "$address"
check "another port is not its port" refused 403 -H 'Host: 127.0.0.1:1' "$address"
check "no name is none" refused 403 -0 -H 'Host:' "$address"
check "localhost is" refused 200 -H "Host: localhost:${origin##*:}" "$address"
check "PUT is not answered" refused 405 -X PUT "$address"
port=$(printf %04X "${origin##*:}")
listens() { [ "$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v p=":$port" '$4 == "0A" && substr($2, length($2) - 4) == p {print $2}')" = "0100007F:$port" ]; }
check "it listens on 127.0.0.1 and nowhere else" listens
for path in ../../../../etc/passwd ..%2f..%2f..%2fetc%2fpasswd %2e%2e/%2e%2e/etc/passwd check/../../class.json check/why/../../../../etc/passwd \
    review.cfg check/average "check/why/$(handle ada)/.." "check/tested/$(handle ada why)" check//; do
    check "there is no $path" refused 404 "$address$path"
done

# ---- what is sent ----------------------------------------------------------------------------------------------------
ada=check/why/$(handle ada) bob=check/why/$(handle bob)
json=(-H 'Content-Type: application/json' --data-binary "$good")
check "a POST from nowhere is refused" refused 403 "${json[@]}" "$address$ada"
check "one of another page, too" refused 403 -H 'Origin: http://evil.example' "${json[@]}" "$address$ada"
check "one of a page that hides itself, too" refused 403 -H 'Origin: null' "${json[@]}" "$address$ada"
check "one of another server of this computer, too" refused 403 -H 'Origin: http://127.0.0.1:1' "${json[@]}" "$address$ada"
check "a form's is refused" refused 415 -H "Origin: $origin" --data-binary "$good" "$address$ada"
head -c 10000000 /dev/zero >"$work/huge"
check "a huge one is refused" refused 413 -H "Origin: $origin" -H 'Content-Type: application/json' -H 'Expect:' --data-binary @"$work/huge" "$address$ada"
check "so is one that does not say how huge" refused 413 -H "Origin: $origin" -H 'Content-Type: application/json' \
    -H 'Transfer-Encoding: chunked' -H 'Expect:' --data-binary @"$work/huge" "$address$ada"
not_taken() { send "$ada" "$1" && is 422 && [ ! -e "$table" ]; }
for points in '"mean":-0.1,"sum":0' '"mean":0.31,"sum":0' '"mean":1e99,"sum":0' '"mean":"0.3","sum":0' '"mean":true,"sum":0' '"mean":0.0001,"sum":0' \
    '"mean":0.1' '"mean":0.1,"other":0.1' '"mean":0.1,"sum":0.1,"more":0' '"mean":0.1,"mean":0.2,"sum":0' '"mean":NaN,"sum":0' '"mean":[],"sum":0'; do
    check "points $points are not taken" not_taken "{\"points\":{$points},\"comments\":[],\"note\":\"\"}"
done
lone='"\ud800"'
for wrong in '' '[]' 'null' '{' '{}' "${good/\[\]/[1]}" "${good/\[\]/\{\}}" "${good/\[\]/[-1]}" "${good/\[\]/[\"1\"]}" "${good/'""'/1}" "$good$good" \
    "${good/'""'/$'"\xff\xfe"'}" "${good/'""'/$lone}"; do
    check "what is no judgement is not taken: $wrong" not_taken "$wrong"
done
check "there is no answer of that name" refused 404 -H "Origin: $origin" "${json[@]}" "${address}check/why/0123456789abcdef"
check "points for a question as a whole are none" refused 404 -H "Origin: $origin" "${json[@]}" "${address}check/why"

# ---- what is shown -----------------------------------------------------------------------------------------------------
ask "$address$bob"
check "an answer is shown" is 200
scripts() { [ "$(grep -c '<script' "$work/words")" = 1 ] && grep -q '<script src="/[0-9a-f]*/review.js" defer></script>' "$work/words"; }
check "no script but the page's own" scripts
clean() { ! grep -qiE 'javascript:|onerror|<img|evil\.example|bob|Bold' "$work/words"; }
check "no raw HTML, no picture from elsewhere, no name of who wrote it" clean
check "code is shown as it is" says '&lt;/code&gt;&lt;script&gt;'
ask "$address$ada"
check "names in the text are left out" says 'says [name] ([name])'
order() { python3 -c 'import hashlib, hmac, sys
key = open(sys.argv[1], "rb").read()
print(min(("ada", "bob", "cy", "dee"), key=lambda who: hmac.new(key, b"".join(w.encode() + b"\0" for w in ("order", "why", sys.argv[2], who)), hashlib.sha256).digest()))' \
    "$work/out/review/key" "$1"; }
ask "${address}check/why"
check "a question leads to the first answer of this reviewer's order" grep -qF "check/why/$(handle "$(order alice)")" "$work/head-words"
check "who wrote nothing is not asked for" refused 404 "${address}check/why/$(handle eve)"

# ---- what is written down ------------------------------------------------------------------------------------------------
send comment/why '{"text":"=HYPERLINK(1), \"quoted\""}'
check "a comment is taken" is 200
send comment/why '{"text":" =HYPERLINK(1), \"quoted\" "}'
check "the same again is the same" says '"number":1'
send comment/why '{"text":"  "}'
check "an empty one is none" is 422
send comment/tested '{"text":"Of another question"}'
send "$ada" '{"points":{"mean":0.25,"sum":null},"comments":[1],"note":"line\none, \"two\" – \u2211 \u001b[31m"}'
check "a judgement is taken" is 200
kill -9 "$server"
wait "$server" 2>/dev/null
expected='["student", "check", "item", "points", "max_points", "comments", "note"]
["ada", "why", "mean", "0.250", "0.300", "1", "line\none, \"two\" – ∑ �[31m"]
["ada", "why", "sum", "", "0.100", "", ""]'
holds() { rows "$table" >"$work/words" && [ "$(cat "$work/words")" = "$expected" ]; }
check "it is on the disk when the server says so" holds
check "a comment that looks like a formula stands behind an apostrophe" grep -qF "1,why,\"'=HYPERLINK(1), \"\"quoted\"\"\"" "$work/out/review/example-alice-comments.csv"
begin alice
ask "$address$ada"
check "a killed server begins again where it was" says 'value="0.25"'
check "with its comments as they were written" says 'data-comment="1" checked'
check "and without the apostrophe" says '</kbd> =HYPERLINK(1), &quot;quoted&quot;'
send "$ada" '{"points":{"mean":0,"sum":0},"comments":[2],"note":""}'
check "comments of another question are not taken" is 422
cp "$table" before && rm "$table" && mkdir -p "$table/in-the-way"
send "$ada" "$good"
check "a disk that can't be written is an error" is 500
ask "$address$ada"
check "then what was there is still there" says 'value="0.25"'
rm -r "$table" && cp before "$table"

# ---- one server for each reviewer -----------------------------------------------------------------------------------------
second() { "$kit/build/class/class" review --kit kit --out out --assignment example "$@" >words 2>&1; }
second --reviewer alice
check "a second one for the same reviewer is refused" [ $? = 1 ]
check "and says why" says 'reviewer alice is at work already'
for name in ../x 'a b' a-b comments '' .x; do
    second --reviewer "$name"
    check "nobody is called '$name'" [ $? = 2 ]
done
second --assignment nothing --reviewer bert
check "an assignment that the class has not" [ $? = 1 ]
second --reviewer bert --port "${origin##*:}"
check "a port that is taken" says 'Address already in use'
send stop '{}'
wait "$server"
check "the button ends it" [ $? = 0 ]

# ---- killed while answers come in -----------------------------------------------------------------------------------------
# Every judgement that was acknowledged is in the file, which is whole; the last one may be there before it was.
kill_it() {
    local points=0 last=0
    begin alice
    { sleep "0.$((RANDOM % 4))$((RANDOM % 10))" && kill -9 "$server"; } &
    while send "$bob" "{\"points\":{\"mean\":0.$(printf %03d $((points % 300))),\"sum\":0},\"comments\":[],\"note\":\"$points\"}" 2>/dev/null && [ "$status" = 200 ]; do
        last=$points points=$((points + 1))
    done
    wait 2>/dev/null
    rows "$table" >"$work/words" || return
    [ $points = 0 ] || grep -qE "^\[\"bob\", \"why\", \"mean\", \"[0-9.]+\", \"0.300\", \"\", \"($last|$points)\"\]" "$work/words"
}
for ((i = 0; i < ${KILLS:-3}; i++)); do check "killed: nothing is lost, nothing is half" kill_it; done
begin alice
end
check "a signal ends it" [ $? = 0 ]
summary
