# Every command a person types. `make help` lists them.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
SHELL := /bin/bash
comma := ,

# ---- what can be chosen on the command line -----------------------------------------------------

ASSIGNMENT   ?= pipeline
SUBMISSION   ?= skeleton
NP           ?= 4
ARGS         ?=
CHECK        ?=
CURVE        ?= ranks-$(NP)
SEED         ?=
PLATFORM     ?= free
SYNCHRONOUS  ?=
OUT          ?=
SANITIZE     ?=
FUZZ_SECONDS ?= 60
PYTHON       ?= python3
# The compiler for the simulated cluster; empty: SimGrid is not here, and nothing needs it.
SIMULATOR_CC ?= $(shell command -v smpirun > /dev/null && command -v smpicc)
SIMULATOR_CC := $(SIMULATOR_CC)
CC           := $(if $(filter default,$(origin CC)),gcc,$(CC))

# ---- where things are: found once by tools/configure, after tools/setup installed what is missing -

B := build$(if $(SANITIZE),/sanitize)

ifneq ($(filter-out help setup clean format skeleton,$(or $(MAKECMDGOALS),help)),)
include build/config.mk
endif

build/config.mk: tools/configure tools/setup
	@tools/setup
	@mkdir -p build
	@tools/configure > $@.new && mv $@.new $@

# ---- how to compile -----------------------------------------------------------------------------

# The kit and the solutions are held to more warnings than a student's files.
WARNINGS         := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
STUDENT_WARNINGS := -Wall -Wextra
SANITIZERS       := $(if $(SANITIZE),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined)
# -fno-optimize-sibling-calls: the log wants to know which line called MPI.
FLAGS            := -std=gnu17 -D_GNU_SOURCE -O2 -g -fno-optimize-sibling-calls -fno-omit-frame-pointer $(SANITIZERS) -I.
KERNEL_FLAGS     := -O3 -march=native -mprefer-vector-width=512 -fopenmp -fno-math-errno -fno-trapping-math

PORTABLE_SOURCES   := $(wildcard common/*.c common/layers/*.c common/kernels/*.c)
COMMON_SOURCES     := $(PORTABLE_SOURCES) common/machines/real.c
ASSIGNMENT_SOURCES := $(wildcard assignments/$(ASSIGNMENT)/*.c)
GRADER_SOURCES     := $(wildcard grader/*.c grader/judges/*.c)
HANDIN_SOURCES     := $(wildcard handin/*.c)
GRADER_PARTS       := $(filter-out grader/main.c,$(GRADER_SOURCES))
TEST_SOURCES       := $(sort $(wildcard common/tests/test_*.c assignments/*/tests/test_*.c grader/tests/test_*.c handin/tests/test_*.c planner/tests/test_*.c))
TESTS              := $(TEST_SOURCES:%.c=$(B)/tests/%)
TEST_PROGRAMS      := $(patsubst %.c,$(B)/programs/%,$(wildcard common/tests/programs/*.c grader/tests/hangs/*.c))

objects = $(patsubst %.c,$(B)/%.o,$(1))
ASSIGNMENT_OBJECTS := $(call objects,$(ASSIGNMENT_SOURCES))

COMMON_LIBRARY := $(B)/libcommon.a
GRADER_LIBRARY := $(B)/libgrader.a

# One short line per thing that is made; V=1 shows the commands.
say = $(if $(V),,@echo "  $@" && )

# ---- building -----------------------------------------------------------------------------------

$(B)/common/kernels/%.o: OWN_FLAGS = $(KERNEL_FLAGS)
$(B)/grader/%.o $(B)/handin/%.o $(B)/planner/%.o: OWN_FLAGS = $(GRADER_CFLAGS)
$(B)/%.o: %.c build/config.mk
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) $(WARNINGS) $(OWN_FLAGS) $(PROGRAM_CFLAGS) -MMD -MP -c $< -o $@

$(COMMON_LIBRARY): $(call objects,$(COMMON_SOURCES))
$(GRADER_LIBRARY): $(call objects,$(GRADER_PARTS))
$(B)/lib%.a:
	@rm -f $@
	$(say)ar rcs $@ $^

# The program of an assignment with somebody's files: build/programs/SUBMISSION/ASSIGNMENT.
empty :=
blank := $(empty) $(empty)
PROGRAM         := $(B)/programs/$(notdir $(subst $(blank),-,$(SUBMISSION)))/$(ASSIGNMENT)
STUDENT_OBJECTS := $(call objects,$(wildcard $(SUBMISSION)/$(ASSIGNMENT)/*.c))
$(B)/skeleton/%.o $(if $(filter-out solutions,$(SUBMISSION)),$(STUDENT_OBJECTS)): WARNINGS = $(STUDENT_WARNINGS)
$(PROGRAM): $(STUDENT_OBJECTS) $(call objects,$(ASSIGNMENT_SOURCES)) $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) -rdynamic $^ $(PROGRAM_LIBS) -o $@

# The same for the simulated cluster, under build/simulator: SimGrid loads a copy of the program for
# each rank, so it is a shared object. AddressSanitizer does not go with that.
S := $(B)/simulator
SIMULATOR_FLAGS   := $(filter-out $(SANITIZERS),$(FLAGS)) $(if $(SANITIZE),-fsanitize=undefined -fno-sanitize-recover=undefined) \
                     -fPIC -DSMPI_NO_OVERRIDE_MALLOC -fmacro-prefix-map=$(CURDIR)/=
simulator_objects  = $(patsubst %.c,$(S)/%.o,$(1))
SIMULATOR_LIBRARY := $(S)/libcommon.a
SIMULATOR_PROGRAM := $(S)/programs/$(notdir $(subst $(blank),-,$(SUBMISSION)))/$(ASSIGNMENT)
SIMULATOR_STUDENT_OBJECTS := $(call simulator_objects,$(wildcard $(SUBMISSION)/$(ASSIGNMENT)/*.c))
SIMULATOR_ASSIGNMENT_OBJECTS := $(call simulator_objects,$(ASSIGNMENT_SOURCES))
SIMULATOR_TEST_PROGRAMS := $(TEST_PROGRAMS:$(B)/%=$(S)/%)

$(S)/common/kernels/%.o: OWN_FLAGS = $(KERNEL_FLAGS)
$(S)/skeleton/%.o $(if $(filter-out solutions,$(SUBMISSION)),$(SIMULATOR_STUDENT_OBJECTS)): WARNINGS = $(STUDENT_WARNINGS)
$(S)/%.o: %.c build/config.mk
	@mkdir -p $(@D)
	$(say)$(SIMULATOR_CC) $(SIMULATOR_FLAGS) $(WARNINGS) $(OWN_FLAGS) $(SIMULATOR_CFLAGS) -MMD -MP -c $< -o $@

$(SIMULATOR_LIBRARY): $(call simulator_objects,$(PORTABLE_SOURCES) common/machines/simulated.c)
	@rm -f $@
	$(say)ar rcs $@ $^

# SimGrid declares MPI's functions weak, for which the linker would not take the kit's from the
# library: it takes all. -Bsymbolic: they, and not SimGrid's own, are those that the program calls.
SIMULATOR_LINK := $(SIMULATOR_CC) $(SIMULATOR_FLAGS) -rdynamic -Wl,-Bsymbolic -Wl,--whole-archive
SIMULATOR_END   = -Wl,--no-whole-archive $(SIMULATOR_LIBS)
$(SIMULATOR_PROGRAM): $(SIMULATOR_STUDENT_OBJECTS) $(SIMULATOR_ASSIGNMENT_OBJECTS) $(SIMULATOR_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(SIMULATOR_LINK) $^ $(SIMULATOR_END) -o $@
$(SIMULATOR_TEST_PROGRAMS): $(S)/programs/%: $(S)/%.o $(SIMULATOR_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(SIMULATOR_LINK) $^ $(SIMULATOR_END) -o $@

# What the grader's own build of a submission needs to know: how to compile, link, with which
# libraries; and the same for the simulated cluster, where SimGrid is there.
PROGRAM_FLAGS   = '$(CC) $(FLAGS) $(STUDENT_WARNINGS) $(PROGRAM_CFLAGS)' '$(CC) $(FLAGS) -rdynamic' '$(PROGRAM_LIBS)'
SIMULATOR_LINES = '$(SIMULATOR_CC) $(SIMULATOR_FLAGS) $(STUDENT_WARNINGS) $(SIMULATOR_CFLAGS)' '$(SIMULATOR_LINK)' '$(SIMULATOR_END)'
$(B)/program.flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(PROGRAM_FLAGS) $(if $(SIMULATOR_CC),$(SIMULATOR_LINES)) > $@.$$PPID
	@if cmp -s $@.$$PPID $@; then rm $@.$$PPID; else mv $@.$$PPID $@; fi
FORCE:

$(B)/grade: $(call objects,grader/main.c) $(GRADER_LIBRARY) $(COMMON_LIBRARY)
	$(say)$(CC) $(FLAGS) $^ $(GRADER_LIBS) $(PROGRAM_LIBS) -o $@

HANDIN_LIBRARY := $(B)/libhandin.a
$(HANDIN_LIBRARY): $(call objects,$(filter-out handin/main.c,$(HANDIN_SOURCES)))
$(B)/handin/handin: $(call objects,handin/main.c) $(HANDIN_LIBRARY) $(GRADER_LIBRARY) $(COMMON_LIBRARY)
	$(say)$(CC) $(FLAGS) $^ $(GRADER_LIBS) $(PROGRAM_LIBS) -o $@

PLANNER_LIBRARY := $(B)/libplanner.a
$(PLANNER_LIBRARY): $(call objects,$(filter-out planner/main.c,$(wildcard planner/*.c)))
$(B)/plan: $(call objects,planner/main.c) $(PLANNER_LIBRARY) $(GRADER_LIBRARY) $(COMMON_LIBRARY)
	$(say)$(CC) $(FLAGS) $^ $(GRADER_LIBS) $(PROGRAM_LIBS) -o $@

# The grader, graded: programs that run it on many submissions.
$(B)/mutants $(B)/random_settings: $(B)/%: $(B)/grader/tests/%.o $(GRADER_LIBRARY) $(COMMON_LIBRARY)
	$(say)$(CC) $(FLAGS) $^ $(GRADER_LIBS) $(PROGRAM_LIBS) -o $@

# Each tests/test_X.c is a Check program of its own.
TESTED := $(HANDIN_LIBRARY) $(PLANNER_LIBRARY) $(GRADER_LIBRARY) $(COMMON_LIBRARY)
$(B)/tests/%: %.c $(TESTED)
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) $(WARNINGS) $(PROGRAM_CFLAGS) $(GRADER_CFLAGS) $(CHECK_CFLAGS) -MMD -MP $< $(TESTED) $(CHECK_LIBS) $(GRADER_LIBS) $(PROGRAM_LIBS) -o $@

# Programs that tests run under mpirun.
$(B)/programs/%: %.c $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) $(WARNINGS) $(PROGRAM_CFLAGS) -MMD -MP -rdynamic $< $(COMMON_LIBRARY) $(PROGRAM_LIBS) -o $@

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---- commands -----------------------------------------------------------------------------------

.PHONY: FORCE help setup data everything build grade check train simulate plan timeline plot submission curves bench bench-schedules skeleton mutants \
        random-settings lint format fuzz clean compile_commands.json

help: ## this list
	@awk -F ':.*## ' '/^[a-z_.-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  ASSIGNMENT=pipeline  SUBMISSION=skeleton (or solutions, or any folder)  CHECK=name  OUT=folder"
	@printf "%b\n" "  SEED=number  NP=ranks  ARGS=\"options of the program; --help lists them\"  SANITIZE=1\n  CURVE=name of the curve that make train writes (ranks-NP)\n  PLATFORM=name of the simulated cluster (free): a file of common/platforms\n  MACHINE=real   make timeline on this computer, not on the simulated cluster\n  MODEL=name RANKS=number MICRO_BATCHES=number BATCH=samples CHUNKS=number DATA=name\n    SCALING=ranks:micro-batches  what make plan plans: docs/planner.md\n  SYNCHRONOUS=1  simulate with sends that wait for their receive"

setup: ## install what is missing (prints the command first)
	@tools/setup

data: | setup
	@datasets/get fashion-mnist

# What is built for the simulated cluster: nothing without SimGrid.
SIMULATED      = $(if $(SIMULATOR_CC),$(1))
SIMULATOR_KIT  = $(call SIMULATED,$(SIMULATOR_ASSIGNMENT_OBJECTS) $(SIMULATOR_LIBRARY))

everything: $(B)/grade $(B)/handin/handin $(B)/plan $(PROGRAM) $(TESTS) $(TEST_PROGRAMS) \
            $(call SIMULATED,$(SIMULATOR_PROGRAM) $(SIMULATOR_TEST_PROGRAMS))

build: $(B)/grade $(PROGRAM) $(call SIMULATED,$(SIMULATOR_PROGRAM)) ## build the grader and the program of SUBMISSION

GRADING = $(B)/grade $(B)/program.flags $(ASSIGNMENT_OBJECTS) $(COMMON_LIBRARY) $(SIMULATOR_KIT)
grade: data $(GRADING) ## grade SUBMISSION: score, explanations, report
	@$(B)/grade --submission "$(SUBMISSION)" --assignment $(ASSIGNMENT) --build-folder $(B) \
	  $(if $(CHECK),--check $(CHECK)) $(if $(OUT),--out $(OUT)) $(if $(SEED),--seed $(SEED))

CURVE_FOLDER = build/curves/$(notdir $(SUBMISSION))/$(ASSIGNMENT)
# Runs that repeat what the grader did, or only compare, leave the learning curves alone.
CURVE_OPTION = $(if $(filter --evidence --compare --probe --help,$(ARGS)),,--curve $(CURVE_FOLDER)/$(CURVE).csv)
train: data $(PROGRAM) ## train with NP ranks and ARGS; writes the learning curve
	@mkdir -p $(CURVE_FOLDER)
	@if [ -t 2 ]; then export PROGRESS=line; fi; \
	  tools/launch $(NP) $(PROGRAM) $(CURVE_OPTION) $(ARGS) \
	  $(if $(CURVE_OPTION),&& echo "learning curve: $(CURVE_FOLDER)/$(CURVE).csv (make plot draws it)") || \
	  { status=$$?; [ $$status -le 128 ] || echo "train: a rank was ended by signal $$((status - 128)) ($$(kill -l $$((status - 128))))" >&2; exit $$status; }

simulate: data $(call SIMULATED,$(SIMULATOR_PROGRAM)) ## run with NP ranks on a simulated cluster: PLATFORM=name
	@tools/simulate $(if $(SYNCHRONOUS),--synchronous) $(NP) $(PLATFORM) $(SIMULATOR_PROGRAM) $(ARGS)

# A simulated run shows the schedule as it is; a real one also what this computer makes of it.
MACHINE  ?= $(if $(SIMULATOR_CC),simulated,real)
TIMELINE  = build/timelines/$(notdir $(SUBMISSION))-$(ASSIGNMENT)
TIMELINE_PROGRAM = $(if $(filter simulated,$(MACHINE)),$(SIMULATOR_PROGRAM),$(PROGRAM))
TIMELINE_RUN     = $(if $(filter simulated,$(MACHINE)),tools/simulate $(if $(SYNCHRONOUS),--synchronous) $(NP) $(PLATFORM),tools/launch $(NP))
TIMELINE_WHERE   = $(if $(filter simulated,$(MACHINE)),on the simulated cluster "$(PLATFORM)",on this computer)
timeline: data $(TIMELINE_PROGRAM) $(B)/handin/handin ## draw who worked when with NP ranks and ARGS, and export it for Perfetto
	@rm -rf $(TIMELINE) && mkdir -p $(TIMELINE)
	@status=0; $(TIMELINE_RUN) $(TIMELINE_PROGRAM) $(ARGS) --steps $(if $(filter simulated,$(MACHINE)),1,3) --quiet --evidence $(TIMELINE) || status=$$?; \
	  [ $$status -eq 2 -o ! -e $(TIMELINE)/rank-$$(($(NP) - 1)).log ] || $(B)/handin/handin timeline --evidence $(TIMELINE) --program $(TIMELINE_PROGRAM) \
	  --arguments '$(ARGS)' --where '$(TIMELINE_WHERE)' || status=$$?; exit $$status

# The planner runs the solutions on a described cluster; `free` would show no messages.
PLAN_PROGRAM  = $(S)/programs/solutions/pipeline
PLAN_PLATFORM = $(if $(filter file,$(origin PLATFORM)),computer,$(PLATFORM))
plan: $(B)/plan ## step time, bubble, memory and messages of every schedule: MODEL=name RANKS=number
	@$(if $(SIMULATOR_CC),$(MAKE) --no-print-directory SUBMISSION=solutions ASSIGNMENT=pipeline $(PLAN_PROGRAM))
	@$(B)/plan --program $(PLAN_PROGRAM) --platform "$(PLAN_PLATFORM)" --model "$(MODEL)" --data "$(DATA)" \
	  --ranks "$(RANKS)" --micro-batches "$(MICRO_BATCHES)" --batch "$(BATCH)" --chunks "$(CHUNKS)" \
	  --scaling "$(SCALING)" --out "$(or $(OUT),build/plan)"

plot: $(B)/handin/handin ## draw the submission's curves over the single-process reference
	@$< plot --submission $(SUBMISSION) --assignment $(ASSIGNMENT) $(ARGS)

submission: $(B)/handin/handin ## pack the files to hand in, and the one Markdown file
	@$< pack --submission $(SUBMISSION) --assignment $(ASSIGNMENT) --out build/submissions/$(notdir $(SUBMISSION)) $(ARGS)

curves: data ## (instructor) regenerate all reference curves from the solutions
	@$(MAKE) --no-print-directory SUBMISSION=solutions build
	@B=$(B) tools/curves $(ASSIGNMENT)

# Open MPI itself leaks, so leaks are looked for by the kit's own accounting instead.
check: export ASAN_OPTIONS = detect_leaks=0
check: data $(TESTS) $(TEST_PROGRAMS) $(call SIMULATED,$(SIMULATOR_TEST_PROGRAMS)) $(GRADING) ## run all tests of the kit (SANITIZE=1: with sanitizers)
	@$(MAKE) --no-print-directory SUBMISSION=solutions build
	@$(MAKE) --no-print-directory SUBMISSION=skeleton build
	@tools/run_tests $(TESTS) $(wildcard tools/tests/test_*.sh datasets/tests/test_*.sh)

mutants: data $(GRADING) $(B)/mutants ## (instructor) is every wrong solution caught, every right one accepted?
	@$(B)/mutants --build-folder $(B) $(ARGS)

RUNS ?= 200
random-settings: data $(GRADING) $(B)/random_settings ## grade the solutions with RUNS random valid settings
	@$(B)/random_settings --build-folder $(B) --runs $(RUNS) $(ARGS)

skeleton: ## cut skeleton/ out of solutions/
	@tools/make_skeleton

bench: $(B)/bench/bench ## time one training step of each model, beside PyTorch where it is installed
	@$(B)/bench/bench

bench-schedules: ## bubble of every schedule beside its formula, and the pipeline against the naive split
	@$(MAKE) --no-print-directory SUBMISSION=solutions build
	@bench/schedules $(B)

$(B)/bench/bench: bench/bench.c $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) $(WARNINGS) $(PROGRAM_CFLAGS) $^ $(PROGRAM_LIBS) -o $@

FUZZ_FLAGS   := -std=gnu17 -D_GNU_SOURCE -g -O1 -I. -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_SOURCES := $(wildcard common/dataset*.c common/tensor_file*.c) \
                $(addprefix common/,curve.c log.c log_names.c log_reader.c tensor.c memory.c random.c fatal.c flops.c machines/real.c)
FUZZ_LIBS    := -ljansson -lxxhash -lz -lm
fuzz: ## fuzz every reader of files for FUZZ_SECONDS (needs clang)
	@command -v clang > /dev/null || { echo "make fuzz needs clang: tools/setup --developer" >&2; exit 1; }
	@mkdir -p $(B)/fuzz/seeds $(B)/fuzz/corpus
	clang $(FUZZ_FLAGS) $(WARNINGS) common/tests/fuzz/write_seeds.c $(FUZZ_SOURCES) $(FUZZ_LIBS) -o $(B)/fuzz/write_seeds
	clang $(FUZZ_FLAGS) $(WARNINGS) -fsanitize=fuzzer common/tests/fuzz/fuzz_loaders.c $(FUZZ_SOURCES) $(FUZZ_LIBS) -o $(B)/fuzz/fuzz_loaders
	$(B)/fuzz/write_seeds $(B)/fuzz/seeds
	$(B)/fuzz/fuzz_loaders -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -max_len=8192 \
	  -print_final_stats=1 -artifact_prefix=$(B)/fuzz/finding- $(B)/fuzz/corpus $(B)/fuzz/seeds

SOURCES = $(shell git ls-files '*.c' '*.h')
format: ## format the C files
	@clang-format -i $(SOURCES)

lint: $(B)/grade ## compiler warnings, clang-format, cppcheck, shellcheck, rubric, skeleton
	@B=$(B) tools/lint

compile_commands.json: ## for editors
	@$(MAKE) --no-print-directory -Bn everything 2>/dev/null | tools/compile_commands > $@

clean: ## remove everything that was built
	@rm -rf build
