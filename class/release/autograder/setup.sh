#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image of the autograder: installs what the kit needs, builds the
# grader from its sources (one file after the other: 768 MB have to do), and hides it from the programs that it will run.
set -euo pipefail
cd "${AUTOGRADER_ROOT:-/autograder}/source"

kit/tools/setup
make --no-print-directory -j1 -C kit ASSIGNMENT="$(cat assignment)" grading
# Programs run as a user of their own, to whom the course's files and secret are closed, whatever the sandbox can do here.
chmod -R go-rwx .
