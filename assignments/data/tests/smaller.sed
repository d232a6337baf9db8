# For tools/tests/test_printed.sh: smaller numbers in the commands that documents print.
s/^(make table .*)/\1 EPOCHS=1 RANKS=2 DATA=synthetic:train=256 MODEL=mlp:width=16/
