# What only the data assignment has.

#: EPOCHS=number  of each line of make table (5); MODEL DATA BATCH MICRO_BATCHES RANKS=up to PLATFORM choose what it trains
COMMAND_LINE += EPOCHS
$(call made_of,$(filter EPOCHS,$(given)),$(digits),must be a whole number)

.PHONY: table
TABLE = build/tables/$(SUBMISSION_NAME)/$(ASSIGNMENT)
table: ## (data) epoch times and samples a second of every way to train in parallel, as a table and a picture
ifeq ($(ASSIGNMENT),data)
	+@$(call put_in_place)
	+@$(call built,$(PROGRAM) $(call SIMULATED,$(SIMULATOR_PROGRAM)))
	@EPOCHS=$(call quoted,$(EPOCHS)) MODEL=$(call quoted,$(MODEL)) DATA=$(call quoted,$(DATA)) BATCH="$(BATCH)" RANKS="$(RANKS)" \
	  MICRO_BATCHES="$(MICRO_BATCHES)" PLATFORM=$(call quoted,$(PLAN_PLATFORM)) assignments/data/tools/timing_table \
	  $(PROGRAM) "$(call SIMULATED,$(SIMULATOR_PROGRAM))" $(call quoted,$(or $(OUT),$(TABLE)))
else
	@echo "make table: is for ASSIGNMENT=data; $(ASSIGNMENT) has no such table" >&2; exit 2
endif

.PHONY: data-pictures
data-pictures: ## draw the pictures of the data assignment's chapter
	@assignments/data/tools/draw_pictures

#: ROUNDS=number  of make bench-data, too (5)
.PHONY: bench-data
bench-data: ## samples a second of one rank and two, with 64 for each and in all, beside PyTorch where it is installed
	@$(MAKE) --no-print-directory SUBMISSION=solutions ASSIGNMENT=data build
	@ROUNDS=$(call quoted,$(ROUNDS)) assignments/data/tools/bench_data $(B)
