#!/usr/bin/env -S bash -p
# Reference curves are made again with a line that says how far that is, have no times in them, and stay as they
# are where nothing was learned. What is learned is not asked here: a program that writes a curve stands in for it.
set -uo pipefail

# shellcheck source=tools/tests/support.sh
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

cd "$work" || exit 1
folder=assignments/knitting/curves
mkdir -p tools common/base $folder build/programs/solutions
cp "$kit/tools/curves" "$kit/tools/environment" tools/
cp "$kit/common/base/environment_names.h" common/base/
echo knitting >assignments/default
cat >$folder/settings.csv <<'END'
name,ranks,data,samples,options
one,1,fashion-mnist,60000,--model mlp --batch 64 --epochs 1
four,4,fashion-mnist,60000,--model mlp --steps 3
other,1,cifar10,10000,--model mlp --steps 3
END
touch build/programs/solutions/knitting
# Writes to the file behind --curve, with another time on every call.
cat >tools/launch <<'END'
#!/bin/bash
while [ $# -gt 1 ]; do if [ "$1" = --curve ]; then file=$2; fi; shift; done
echo "step 3/3  epoch 0  loss 2.25  0.0 s left" >&2
echo step,epoch,samples,loss,accuracy,seconds,samples_per_second,tokens_per_second >"$file"
echo "0,0,64,2.25,0.125,$RANDOM.$RANDOM,$RANDOM,$RANDOM" >>"$file"
exit "$(cat status 2>/dev/null || echo 0)"
END
chmod +x tools/launch

curves() { CIFAR10_DIR=$work/nowhere tools/curves "$@" >words 2>&1 </dev/null; }
is_new() { [ "$(cat "$folder/$1.csv")" = $'step,epoch,samples,loss,accuracy\n0,0,64,2.25,0.125' ]; }

curves
check "all curves are made" [ $? -eq 0 ]
check "the first is announced" says "curve 1 of 2: one"
check "of the second it is known how long the rest takes" says "curve 2 of 2: four, about "
check "a run tells how it goes" says "s left"
check "what can't be made is named" says "other: left as it is, because cifar10 is not here"
check "how many were made is said" says "2 of 2 curves written to $folder"
check "without times" is_new one
check "those of ranks, too" is_new four

cp -r $folder before
curves
check "made again, nothing changes" diff -r $folder before

curves knitting nobody
check "an unknown name is refused" [ $? -eq 1 ]
check "with where the names are" says "$folder/settings.csv lists those that there are"

echo older >$folder/one.csv
echo 1 >status
curves knitting one
check "a run that fails is a failure" [ $? -ne 0 ]
check "and leaves the older curve" [ "$(cat $folder/one.csv)" = older ]
check "with nothing beside it" [ ! -e $folder/one.csv.new ]
summary
