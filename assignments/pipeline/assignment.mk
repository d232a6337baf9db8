# What only the pipeline assignment has.

#: CHUNKS=number  SCALING=ranks:micro-batches  for make plan, too
COMMAND_LINE += CHUNKS SCALING RUNS
$(call made_of,$(filter RUNS,$(given)),$(digits),must be a whole number)
CHUNKS  ?=
SCALING ?=
ifeq ($(ASSIGNMENT),pipeline)
PLAN_DEGREES = --chunks $(call quoted,$(CHUNKS)) --scaling $(call quoted,$(SCALING))
else ifneq ($(CHUNKS)$(SCALING),)
.PHONY: refuse-chunks
plan: refuse-chunks
refuse-chunks:
	@echo "make plan: CHUNKS and SCALING are for ASSIGNMENT=pipeline; $(ASSIGNMENT) has no such numbers" >&2; exit 2
endif

# BEGIN INSTRUCTOR
.PHONY: bench-schedules random-settings
bench-schedules: ## bubble of every schedule beside its formula; the pipeline beside the naive split and PyTorch's
	@$(MAKE) --no-print-directory SUBMISSION=solutions ASSIGNMENT=pipeline build
	@assignments/pipeline/tools/bench_schedules $(B)

#: RUNS=number  how many random settings (200)
RUNS ?= 200
RANDOM_SETTINGS := $(B)/random_settings
everything: $(RANDOM_SETTINGS)
$(RANDOM_SETTINGS): $(call objects,$(wildcard assignments/pipeline/tests/random/*.c)) $(TESTED)
	$(say)$(link_with_tests)
random-settings: data ## grade the pipeline's solutions with RUNS random valid settings
	+@$(call built,ASSIGNMENT=pipeline $(RANDOM_SETTINGS) $(GRADING))
	@tools/with_args $(ARGS_WORD) $(RANDOM_SETTINGS) --build-folder $(B) --runs $(RUNS) ARGS

# The solutions with pipeline_communicate() in many right ways, for tests/test_calls.c.
CALLS         := assignments/pipeline/tests/calls
CALLS_SOURCES := $(CALLS)/pipeline_communicate.c $(call program_sources,pipeline) \
                   $(filter-out %/pipeline_communicate.c,$(wildcard solutions/pipeline/*.c))
$(B)/programs/$(CALLS): $(call objects,$(CALLS_SOURCES)) $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) -rdynamic $^ $(PROGRAM_LIBS) -o $@
$(S)/programs/$(CALLS): $(call simulator_objects,$(CALLS_SOURCES)) $(SIMULATOR_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(SIMULATOR_LINK) $^ $(SIMULATOR_END) -o $@
check-parts: $(B)/programs/$(CALLS) $(call SIMULATED,$(S)/programs/$(CALLS))

# The solutions with a schedule that misuses the kit: tests/test_misuse.c chooses how.
MISUSED         := $(B)/programs/assignments/pipeline/tests/misuse
MISUSES         := $(wildcard assignments/pipeline/tests/misuse/*.c)
MISUSED_SOURCES := $(MISUSES) $(filter-out $(addprefix %/,$(notdir $(MISUSES))),$(wildcard solutions/pipeline/*.c))
everything check-parts: $(MISUSED)
$(MISUSED): $(call objects,$(MISUSED_SOURCES) $(call program_sources,pipeline)) $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) -rdynamic $(filter %.o,$^) -Wl,--whole-archive $(COMMON_LIBRARY) -Wl,--no-whole-archive \
	  $(PROGRAM_LIBS) -o $@.new && mv $@.new $@

LONG_TESTS += $(addprefix assignments/pipeline/tests/test_,grading calls solutions grading_files schedules \
  language_models)
# END INSTRUCTOR
