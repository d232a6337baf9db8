#!/usr/bin/env -S bash -p
# Tests of tools/setup_browser, and of what tools/check_pages does without a browser: other computers are simulated by a
# PATH with made-up commands. Nothing is installed.
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

# A computer without a browser, whose apt brings one, and with a Python that makes environments in which pip works.
computer() {
    rm -rf "${work:?}"/*
    mkdir -p "$work/bin" "$work/kit/tools"
    cp "$kit/tools/setup_browser" "$kit/tools/check_pages" "$work/kit/tools"
    local name
    for name in bash env dirname; do ln -s "$(command -v "$name")" "$work/bin/$name"; done
    make_command id <<<'echo 0'
    make_command apt-get <<APT
if [[ " \$* " == *" install "* ]]; then
    for name in chromium chromedriver; do
        echo "#!$(command -v bash)" >$work/bin/\$name
        $(command -v chmod) +x $work/bin/\$name
    done
fi
APT
    cat >"$work/pip" <<PIP
#!$(command -v bash)
echo "pip \$*" >>"$work/calls"
lib=$work/kit/build/browser-env/lib/python3.12/site-packages/axe_playwright_python
$(command -v mkdir) -p \$lib
: >\$lib/axe.min.js
PIP
    chmod +x "$work/pip"
    make_command python3 <<PYTHON
$(command -v mkdir) -p \$3/bin
$(command -v cp) '$work/pip' \$3/bin/pip
$(command -v ln) -sf $(type -P true) \$3/bin/python
PYTHON
    : >"$work/calls"
}

# try PROGRAM
try() {
    output=$(env -i PATH="$work/bin" "$work/kit/tools/$1" 2>&1 </dev/null)
    status=$?
    calls=$(grep -v '^id' "$work/calls")
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
called() { [[ $calls == *"$1"* ]]; }
called_nothing() { [ -z "$calls" ]; }

computer
try check_pages
check "no browser: skipped" says "skipped: the reports are not looked at in a browser: there is no Chromium"
check "no browser: the cure" says "make setup BROWSER=1"
check "no browser: no error" ends_with_status 0

try setup_browser
check "none: status 0" ends_with_status 0
check "none: Debian's packages" called "install --yes --no-install-recommends chromium chromium-driver"
check "none: an environment" called "python3 -m venv build/browser-env"
check "none: PyPI's packages" called "pip install selenium==4.* axe-selenium-python==2.* pypdf==6.*"
check "none: axe-core without a browser of its own" called "pip install --no-deps axe-playwright-python"
check "none: prints the command" says "running:  build/browser-env/bin/pip install"
: >"$work/calls"
try setup_browser
check "the second time: installs nothing" called_nothing
check "the second time: status 0" ends_with_status 0

computer
rm "$work/bin/python3"
try setup_browser
check "no Python: status 1" ends_with_status 1
check "no Python: the package" says "package python3-venv"

computer
make_command apt-get <<<'exit 1'
try setup_browser
check "no network: status 1" ends_with_status 1

percent=$((100 * (checks - failures) / checks))
printf 'Running suite(s): setup_browser\n%d%%: Checks: %d, Failures: %d, Errors: 0\n' \
    "$percent" "$checks" "$failures"
[ "$failures" -eq 0 ]
