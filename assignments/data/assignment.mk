# What only the data assignment has.

#: EPOCHS=number  of each line of make table ASSIGNMENT=data (5); RANKS=up to
COMMAND_LINE += EPOCHS
$(call made_of,$(filter EPOCHS,$(given)),$(digits),must be a whole number)

# BEGIN INSTRUCTOR
.PHONY: data-pictures
data-pictures: ## draw the pictures of the data assignment's chapter
	@assignments/data/tools/draw_pictures

#: ROUNDS=number  of make bench-data, too (5)
.PHONY: bench-data
bench-data: ## samples a second of one rank and two, with 64 for each and in all, beside PyTorch where it is installed
	@$(MAKE) --no-print-directory SUBMISSION=solutions ASSIGNMENT=data build
	@ROUNDS=$(call quoted,$(ROUNDS)) assignments/data/tools/bench_data $(B)
# END INSTRUCTOR
