# For tools/tests/test_printed.sh: smaller numbers in the commands that documents print.
s/tensor-pays$/tensor-pays PLATFORMS=slow/
