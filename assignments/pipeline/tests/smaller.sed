# For tools/tests/test_printed.sh: smaller numbers in the commands that documents print.
s/(--batch|--micro-batches) [0-9]{3,}/\1 8/g
s/\b(MICRO_BATCHES|BATCH)=32/\1=8/g
s/SCALING=[0-9,:]+/SCALING=2,4:1,4/
s/RUNS=[0-9]+/RUNS=4/
