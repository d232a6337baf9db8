# The tests of the kit: each test_X.c is a Check program of its own, linked with tests/support/ and,
# in an assignment, with what its own tests share.

TEST_SOURCES  := $(wildcard tests/*/test_*.c $(foreach room,assignments grader common,$(room)/*/tests/test_*.c) \
                   handin/tests/test_*.c planner/tests/test_*.c class/tests/test_*.c class/*/tests/test_*.c)
TESTS         := $(TEST_SOURCES:%.c=$(B)/tests/%)
TEST_SCRIPTS  := $(wildcard tools/tests/test_*.sh datasets/tests/test_*.sh class/tests/test_*.sh class/*/tests/test_*.sh)
#: TEST=word  make check runs only the tests with this in their path: TEST=assignments/NAME, TEST=test_hangs
TEST          ?=
WANTED_TESTS  := $(if $(TEST),$(foreach test,$(TESTS) $(TEST_SCRIPTS),$(if $(findstring $(TEST),$(test)),$(test))),$(TESTS) $(TEST_SCRIPTS))
# Those that take longest, the longest first: they begin before all others, so that no core is left alone
# with one of them at the end. An assignment adds its own in its assignment.mk.
LONG_TESTS     = tests/mutants/test_mutants tools/tests/test_printed.sh tools/tests/test_docs.sh grader/grade/tests/test_full_marks \
                 tools/tests/test_second.sh tools/tests/test_submissions.sh tools/tests/test_runs.sh tools/tests/test_names.sh grader/diagnosis/tests/test_hangs grader/grade/tests/test_misbehaviour \
                 grader/grade/tests/test_calls tests/parallel/test_parallel tools/tests/test_levels.sh
longest_first  = $(foreach long,$(LONG_TESTS),$(filter %$(long),$(1))) $(filter-out $(addprefix %,$(LONG_TESTS)),$(1))
# Programs that tests and make bench-scale run under mpirun, or on the simulated cluster.
TEST_PROGRAM_SOURCES := $(wildcard common/tests/programs/*.c bench/programs/*.c grader/diagnosis/tests/hangs/*.c assignments/*/tests/hangs/*.c tests/parallel/programs/*.c)
TEST_PROGRAMS           := $(TEST_PROGRAM_SOURCES:%.c=$(B)/programs/%)
SIMULATOR_TEST_PROGRAMS := $(TEST_PROGRAM_SOURCES:%.c=$(S)/programs/%)

# Most of a test runs once: to optimize it takes longer than it saves. (make lint does: that warns of more.)
TEST_OPTIMIZATION := -O1
TEST_FLAGS = $(CC) $(FLAGS) $(TEST_OPTIMIZATION) $(WARNINGS) $(PROGRAM_CFLAGS) $(GRADER_CFLAGS) $(CHECK_CFLAGS) -MMD -MP
SUPPORT := $(B)/libsupport.a
# What only the tests of tests/faults need: a library that lets calls fail, and a program that fails.
FAULT_PARTS   := $(B)/faults/inject.so $(B)/faults/stand-in
FAULT_SOURCES := $(filter-out %/main.c %/inject.c %/inject_calls.c %/stand_in.c %/test_faults.c,$(wildcard tests/faults/*.c))
$(B)/tests/%.o: OWN_FLAGS = $(GRADER_CFLAGS) $(CHECK_CFLAGS) -DTEST_BUILD_FOLDER='"$(B)"'
$(foreach name,$(ASSIGNMENTS),$(eval $(B)/assignments/$(name)/tests/%.o: OWN_FLAGS = $(GRADER_CFLAGS) $(CHECK_CFLAGS)))
# What fuzzes judges, but for its programs: tests try a sample.
SWEPT := $(addprefix tests/fuzz/,judged_runs.c nasty_logs.c odd_values.c odd_sweep.c)
$(SUPPORT): $(call objects,$(SWEPT) $(filter-out tests/mutants/main.c tests/mutants/test_% tests/parallel/test_%,$(wildcard tests/support/*.c tests/mutants/*.c tests/parallel/*.c)) $(FAULT_SOURCES))

TESTED := $(SUPPORT) $(JUDGING) $(TIMELINES) $(PLANS) $(HANDIN_LIBRARY) $(PLANNER_LIBRARY) $(GRADER_LIBRARY) $(COMMON_LIBRARY)
make_test = $(TEST_FLAGS) $(filter %.c %.o,$^) $(filter %.a,$^) $(CHECK_LIBS) $(GRADER_LIBS) $(PROGRAM_LIBS) -o $@
$(B)/tests/%: %.c $(TESTED)
	@mkdir -p $(@D)
	$(say)$(make_test)
# The library knows no assignment, nor do its tests.
$(filter $(B)/tests/common/%,$(TESTS)): $(B)/tests/%: %.c $(SUPPORT) $(GRADER_LIBRARY) $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(make_test)
# Only those of class link what only class needs.
$(filter $(B)/tests/class/%,$(TESTS)): $(B)/tests/%: %.c $(SUPPORT) $(JUDGING) $(CLASS_LIBRARY) $(GRADER_LIBRARY) $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(make_test) $(CLASS_LIBS)
# They load it.
$(filter $(B)/tests/common/kernels/tests/test_emulation $(B)/tests/common/base/tests/test_device \
  $(B)/tests/common/base/tests/test_device_touched,$(TESTS)): | $(EMULATED) $(EMULATED_TESTS)
own_tests = $(filter $(B)/tests/assignments/$(1)/%,$(TESTS))
$(foreach name,$(ASSIGNMENTS),$(eval $(call own_tests,$(name)): $(call objects,$(wildcard assignments/$(name)/tests/support/*.c))))

$(TEST_PROGRAMS): $(B)/programs/%: %.c $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) $(WARNINGS) $(PROGRAM_CFLAGS) -MMD -MP -rdynamic $< $(COMMON_LIBRARY) $(PROGRAM_LIBS) -o $@
# It is a program like any other, without the kit.
HOSTILE := $(B)/programs/grader/sandbox/tests/programs/hostile
$(HOSTILE): $(B)/programs/%: %.c
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) $(WARNINGS) -pthread -MMD -MP $< -o $@
$(filter $(B)/tests/grader/sandbox/%,$(TESTS)): | $(HOSTILE)
$(filter-out $(SCALE_PROGRAMS),$(SIMULATOR_TEST_PROGRAMS)): $(S)/programs/%: $(S)/%.o $(SIMULATOR_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(SIMULATOR_LINK) $^ $(SIMULATOR_END) -o $@

# What the tests of an assignment need: the programs of its solutions and of its skeleton, and what the
# grader builds submissions of it with.
.PHONY: check check-parts assignment-parts
assignment-parts: $(GRADING) $(PROGRAM) $(call SIMULATED,$(SIMULATOR_PROGRAM))
assignment_parts = $(foreach name,$(ASSIGNMENTS),$(foreach files,solutions skeleton,\
                     $(MAKE) --no-print-directory ASSIGNMENT=$(name) SUBMISSION=$(files) assignment-parts &&)) true
# What tools/levels looks at.
HOUSE := $(call objects,$(shell tools/levels --sources))
check-parts: $(if $(findstring test_levels,$(WANTED_TESTS)),$(HOUSE)) $(if $(findstring test_faults,$(WANTED_TESTS)),$(FAULT_PARTS)) \
             $(if $(findstring test_kernel_mutants,$(WANTED_TESTS)),$(KERNEL_TESTS))
check-parts: $(filter $(TESTS),$(WANTED_TESTS)) $(EMULATED) $(EMULATED_TESTS) $(B)/fuzz/list_runs $(TEST_PROGRAMS) $(call SIMULATED,$(SIMULATOR_TEST_PROGRAMS)) $(GRADER) $(HANDIN) $(PLAN) $(CLASS) $(TABLE_PROGRAMS)
	+@$(assignment_parts)

# Open MPI itself leaks, so leaks are looked for by the kit's own accounting instead.
check: export ASAN_OPTIONS = detect_leaks=0
check: export B := $(B)
check: data ## run all tests of the kit (SANITIZE=1: with sanitizers)
	@$(if $(strip $(WANTED_TESTS)),,echo make check: no test has '"'$(call quoted,$(TEST))'"' in its path >&2; exit 2)
	+@$(call built,check-parts)
	@tools/run_tests $(call longest_first,$(WANTED_TESTS)) $(DEVICE_CHECKS)

.PHONY: check-names
check-names: data ## every command of a submission with every variable and every kind of odd name: minutes
	+@$(call built,check-parts)
	@tools/tests/test_names.sh --all

.PHONY: check-printed
check-printed: data ## every command that a document or make help prints, those that take long, too: they are begun
	+@$(call built,check-parts)
	@tools/tests/test_printed.sh --all

link_with_tests = $(CC) $(FLAGS) $(filter %.o %.a,$^) $(CHECK_LIBS) $(GRADER_LIBS) $(PROGRAM_LIBS) -o $@.new && mv $@.new $@

#: EVERY=number  make check-emulated looks at one mutant in so many (10)
EVERY ?= 10
.PHONY: check-emulated
check-emulated: data ## grade all solutions, skeletons and one mutant in ten on the emulated GPU: minutes
	+@$(call built,devices)
	@EVERY=$(EVERY) tools/tests/check_emulated.sh $(or $(filter-out all,$(if $(filter ASSIGNMENT,$(given)),$(ASSIGNMENT))),$(ASSIGNMENTS))

#: YEARS=number  make check-cases grades the solutions with the sizes of so many years (3); EVERY=number there also looks at
#:               one mutant in so many (0: at none)
YEARS ?= 3
.PHONY: check-cases
check-cases: data ## do solutions get full marks with the sizes of other years, and mutants fail? minutes
	+@$(call built,$(GRADER) $(MUTANTS))
	@YEARS=$(YEARS) EVERY=$(if $(filter EVERY,$(given)),$(EVERY),0) \
	  tools/tests/check_cases.sh $(or $(filter-out all,$(if $(filter ASSIGNMENT,$(given)),$(ASSIGNMENT))),$(ASSIGNMENTS))

.PHONY: check-pages
check-pages: data ## look at reports in a browser: on a phone, in the dark, on paper, read aloud (make setup BROWSER=1)
	@tools/check_pages

.PHONY: check-slurm
check-slurm: data ## run under a Slurm of its own, with two nodes, where slurmctld is installed
	+@$(call built,check-parts TEST=check-slurm)
	@tools/tests/check_slurm.sh

.PHONY: environments
environments: data ## run the commands with each variable and dot file that a real user has: all stays the same
	+@$(call built,check-parts TEST=test_environment)
	@tools/tests/test_environment.sh --each

# Training that is killed goes on: make check kills two runs.
KILLED := $(B)/tests/common/driver/tests/test_kills
#: KILLS=number  of runs that make kills kills, each three times (50)
KILLS  ?= 50
.PHONY: kills
kills: data ## kill runs at random moments, again and again: do they go on to the same bits?
	+@$(call built,$(KILLED) $(B)/programs/common/tests/programs/sharded)
	@KILLS=$(KILLS) $(KILLED)

# The grader, graded: the solutions with one thing changed.
MUTANTS := $(B)/mutants
$(MUTANTS): $(call objects,tests/mutants/main.c) $(TESTED)
	$(say)$(link_with_tests)
mutants: data ## (instructor) is every wrong solution caught, every right one accepted?
	+@$(call built,$(MUTANTS) $(GRADING) $(DEVICE_LIBRARY))
	@tools/with_args $(ARGS_WORD) $(MUTANTS) --assignment $(ASSIGNMENT) --build-folder $(B) $(DEVICE_OPTION) ARGS

# The grader on a broken machine: see tests/faults.
FAULTS := $(B)/faults/faults
$(B)/faults/inject.so: tests/faults/inject.c tests/faults/inject_calls.c tests/faults/inject.h tests/faults/inject_calls.h build/config.mk
	@mkdir -p $(@D)
	$(say)$(CC) $(filter-out -fsanitize=%,$(FLAGS)) -fPIC -shared $(WARNINGS) $(filter %.c,$^) -o $@
$(B)/faults/stand-in: tests/faults/stand_in.c build/config.mk
	@mkdir -p $(@D)
	$(say)$(CC) $(filter-out -fsanitize=%,$(FLAGS)) $(WARNINGS) $< -o $@
$(FAULTS): $(call objects,tests/faults/main.c) $(TESTED)
	@mkdir -p $(@D)
	$(say)$(link_with_tests)
faults: data ## (instructor) does any fault of the machine cost a point?
	+@$(call built,ASSIGNMENT=example $(FAULTS) $(FAULT_PARTS) $(GRADING))
	@tools/with_args $(ARGS_WORD) $(FAULTS) --build-folder $(B) ARGS
