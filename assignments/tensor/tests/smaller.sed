# For tools/tests/test_docs.sh: smaller numbers in the commands that documents print.
s/tensor-pays$/tensor-pays PLATFORMS=slow/
