# What a person types. `make help` lists it; the rules behind it stand by subject in tools/*.mk, and
# what only one assignment has in assignments/NAME/assignment.mk.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
SHELL := /bin/bash
include tools/command_line.mk

# ---- what can be chosen on the command line -----------------------------------------------------

#: ASSIGNMENT=name (or all)  SUBMISSION=skeleton (or any folder, or an archive)
#: CHECK=names    checks to grade: names, parts of names (order), tiers (tier1, bonus), questions (Q7), files
#:                (FILE.c), with commas or blanks between them; CHECK=list prints all
#: YEAR=number    make grade draws sizes of runs and seeds for that year, from the secret in GRADER_SECRET; make cases shows them
#: CASE=numbers   make grade CHECK=name with the sizes of runs that a report names; 0: the kit's own
#: SEED=number  NP=ranks  ARGS="options of the program; --help lists them"
#: DEVICE=cpu     what make train, grade and timeline compute on; cuda: a GPU (make setup CUDA=1); emulated: a GPU's
#:                kernels on the processor, slowly, to test without one
#: SANITIZE=1     grade or train with sanitizers: it ends at the first wrong access to memory, with its line
#: HOSTS=file     make train on the computers that it names, a line NAME slots=NUMBER each (docs/several-computers.md)
#: CURVE=name of the curve that make train writes, and of the folder of its checkpoints (ranks-NP)
#: OUT=folder     where make grade, timeline, plan and table write what they make
#: PLATFORM=name of the simulated cluster (free): a file of common/platforms, or this: make calibrate
#: SYNCHRONOUS=1  simulate with sends that wait for their receive
#: MEMORY=1       make timeline shows memory over time, too: by kind, as a picture and a table
#: MACHINE=real   make timeline on this computer, not on the simulated cluster
#: CUDA=1         make setup installs NVIDIA's compiler and cuBLAS, too, without root, where they are not here
# BEGIN INSTRUCTOR
#: BROWSER=1      make setup installs a browser and what make check-pages looks at the reports with, too
# END INSTRUCTOR
#: MODEL=name RANKS=number MICRO_BATCHES=number BATCH=samples DATA=name  what make plan plans (planner/README.md), and
#:                what make table trains
#: MEMORY=80GiB   make plan searches for the fastest ways that fit into so much on each rank; CSV=1: all that fit, as CSV
# assignments/default names the assignment that is meant where nobody names one.
DEFAULT      := $(strip $(file < assignments/default))
ASSIGNMENT   ?= $(DEFAULT)
SUBMISSION   ?= skeleton
NP           ?= 4
ARGS         ?=
CHECK        ?=
CURVE        ?= ranks-$(NP)
SEED         ?=
CASE         ?=
YEAR         ?=
PLATFORM     ?= free
SYNCHRONOUS  ?=
OUT          ?=
COURSE       ?=
DEVICE       ?= cpu
SANITIZE     ?=
MEMORY       ?=
HOSTS        ?=
CSV          ?=
CUDA         ?=
BROWSER      ?=

include tools/configuration.mk

.PHONY: help setup data build grade cases train simulate timeline plan table plot submission clean
# BEGIN INSTRUCTOR
.PHONY: curves mutants faults skeleton handout
# END INSTRUCTOR

ifeq ($(ASSIGNMENT),all)
OF_EACH := build grade cases plot submission curves mutants bench-grade
OF_ONE  := train simulate timeline plan table
OTHERS  := $(filter-out $(OF_EACH) $(OF_ONE),$(or $(MAKECMDGOALS),help))
.PHONY: $(OTHERS)
# One after the other.
$(OF_EACH):
	@status=0; for name in $(HANDED_OUT); do \
	  $(MAKE) --no-print-directory ASSIGNMENT=$$name $(if $(OUT),OUT=$(call quoted,$(OUT))/$$name) $@ || status=$$?; done; exit $$status
$(OF_ONE):
	@echo "make $@: runs one program, so name one assignment: $(HANDED_OUT)" >&2; exit 2
# What asks for no assignment.
$(OTHERS):
	@$(MAKE) --no-print-directory ASSIGNMENT=$(DEFAULT) $@
else

include tools/programs.mk tools/devices.mk tools/simulator.mk tools/grader.mk
# BEGIN INSTRUCTOR
include tools/tests.mk tools/device_tests.mk tools/development.mk tools/fuzz.mk
# END INSTRUCTOR
-include $(wildcard assignments/*/assignment.mk class/*/*.mk)
$(unknown_are_told)
$(unknown_goals_are_told)

# ---- commands -----------------------------------------------------------------------------------

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9_.-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(filter-out %.d,$(MAKEFILE_LIST))
	@echo
	@sed -n 's/^#: /  /p' $(filter-out %.d,$(MAKEFILE_LIST))

setup: ## install what is missing (prints the command first); with CUDA=1 also what builds the GPU's library
	@tools/setup
	@$(if $(CUDA),tools/setup_cuda)
# BEGIN INSTRUCTOR
	@$(if $(BROWSER),tools/setup_browser)
# END INSTRUCTOR

data: | setup
	@datasets/get fashion-mnist

build: ## build the grader and the program of SUBMISSION
	+@$(call put_in_place)
	+@$(call built,$(GRADER) $(PROGRAM) $(DEVICES_HERE) $(call SIMULATED,$(SIMULATOR_PROGRAM)))

grade: data ## grade SUBMISSION: score, explanations, report
	+@$(call built,$(GRADING) $(DEVICE_LIBRARY))
	@$(GRADER) --submission=$(SUBMISSION_WORD) --assignment $(ASSIGNMENT) --build-folder $(B) $(DEVICE_OPTION) \
	  $(if $(CHECK),--check=$(call quoted,$(CHECK))) --out=$(call quoted,$(or $(OUT),build/grades/$(SUBMISSION_NAME)/$(ASSIGNMENT))) $(if $(SEED),--seed $(SEED)) \
	  $(if $(CASE),--case $(CASE)) $(YEAR_OPTION)

YEAR_OPTION = $(if $(YEAR),--year $(YEAR))
cases: ## which sizes of runs YEAR draws from the secret in GRADER_SECRET, beside the kit's own
	+@$(call built,$(GRADER))
	@$(GRADER) --cases --assignment $(ASSIGNMENT) $(YEAR_OPTION)

CURVE_FOLDER = build/curves/$(SUBMISSION_NAME)/$(ASSIGNMENT)
# Runs that repeat what the grader did, or only compare, leave the learning curves alone.
CURVE_OPTION = $(if $(filter --evidence% --compare% --probe% --help,$(ARGS)),,--curve $(CURVE_FILE))
# Where --checkpoint and --resume find their files, unless --checkpoint-folder says so.
CHECKPOINTS  = $(call quoted,build/checkpoints/$(SUBMISSION_NAME)/$(ASSIGNMENT)/$(CURVE))
CHECKPOINT_OPTION = $(if $(filter --checkpoint% --resume,$(ARGS)),--checkpoint-folder $(CHECKPOINTS))
CURVE_FILE   = $(call quoted,$(CURVE_FOLDER)/$(CURVE).csv)
ON_COMPUTERS = $(if $(HOSTS),--hosts $(call quoted,$(HOSTS)),--allocation)
train: data ## train with NP ranks and ARGS; writes the learning curve
	@$(if $(or $(findstring /,$(CURVE)),$(filter .%,$(firstword $(CURVE))),$(if $(CURVE),,empty)),\
	  echo CURVE=$(call quoted,$(CURVE)): must be a name for a new file in $(CURVE_FOLDER) >&2; exit 2)
	+@$(call put_in_place)
	+@$(call built,$(PROGRAM) $(DEVICE_LIBRARY))
	@mkdir -p $(CURVE_FOLDER) $(if $(CHECKPOINT_OPTION),$(CHECKPOINTS))
	@if [ -t 2 ]; then export PROGRESS=line; fi; \
	  tools/with_args $(ARGS_WORD) tools/launch --ask-first $(ON_COMPUTERS) $(NP) $(PROGRAM) $(DEVICE_OPTION) $(CURVE_OPTION) $(CHECKPOINT_OPTION) ARGS \
	  $(if $(CURVE_OPTION),&& echo learning curve: $(CURVE_FILE) "(make plot draws it)") || \
	  { status=$$?; ! name=$$(kill -l $$((status > 128 ? status - 128 : 256)) 2> /dev/null) || \
	    echo "train: a rank was ended by signal $$((status - 128)) ($$name)" >&2; exit $$status; }

simulate: data ## run with NP ranks on a simulated cluster: PLATFORM=name
	@$(call without_gpu,make simulate)
	+@$(call put_in_place)
	+@$(call SIMULATED,$(call built,$(SIMULATOR_PROGRAM)))
	@tools/with_args $(ARGS_WORD) $(SIMULATE) $(SIMULATOR_PROGRAM) ARGS

# A simulated run shows the schedule as it is; a real one also what this computer makes of it.
MACHINE  ?= $(if $(SIMULATOR_CC),$(if $(DEVICE_OPTION),real,simulated),real)
SIMULATE = tools/simulate $(if $(SYNCHRONOUS),--synchronous) $(NP) $(call quoted,$(PLATFORM))
# One folder for each number of ranks, machine and ARGS, so that two schedules can be looked at side by side.
TIMELINE = $(call quoted,$(or $(OUT),build/timelines/$(SUBMISSION_NAME)/$(ASSIGNMENT)/$(shell tools/run_name $(NP) \
  $(call on_machine,$(call quoted,$(PLATFORM)$(if $(SYNCHRONOUS),-synchronous)),$(call quoted,this computer$(DEVICE_WORDS))) $(ARGS_WORD))))
on_machine = $(if $(filter simulated,$(MACHINE)),$(1),$(2))
timeline: data ## draw who worked when with NP ranks and ARGS, and export it for Perfetto: OUT=folder
	@$(if $(filter-out simulated real,$(MACHINE)),echo MACHINE=$(call quoted,$(MACHINE)): must be simulated or real >&2; exit 2)
	@$(call on_machine,$(call without_gpu,make timeline MACHINE=simulated))
	+@$(call put_in_place)
	+@$(call built,$(HANDIN) $(call on_machine,$(SIMULATOR_PROGRAM),$(PROGRAM) $(DEVICE_LIBRARY)))
	@tools/timeline $(TIMELINE) $(NP) $(ARGS_WORD) $(HANDIN) timeline --assignment $(ASSIGNMENT) \
	    --program $(call on_machine,$(SIMULATOR_PROGRAM),$(PROGRAM)) --arguments=$(ARGS_WORD) \
	    --where $(call on_machine,$(call quoted,on the simulated cluster "$(PLATFORM)"),$(call quoted,on this computer$(DEVICE_WORDS))) \
	    -- $(call on_machine,$(SIMULATE) $(SIMULATOR_PROGRAM),tools/launch --ask-first $(NP) $(PROGRAM) $(DEVICE_OPTION)) ARGS \
	    --steps $(call on_machine,1,3) --quiet $(if $(MEMORY),--log-memory)

# The planner runs the solutions on a described cluster, in a student's kit the student's own files; `free` would show
# no messages.
# A search is that of the assignment that has one, if nobody names another, and may run another's program.
PLAN_RUNS     = $(or $(if $(MEMORY),$(SEARCH_RUNS)),$(ASSIGNMENT))
PLAN_WHOSE    = $(if $(wildcard solutions/$(PLAN_RUNS)/*.c),solutions,skeleton)
PLAN_PROGRAM  = $(S)/programs/$(PLAN_WHOSE)/$(PLAN_RUNS)
PLAN_STEP     = $(S)/programs/bench/programs/scale_step
PLAN_NAMED    = $(if $(or $(if $(MEMORY),,always),$(filter ASSIGNMENT,$(given) $(inherited))),--assignment $(ASSIGNMENT))
PLAN_SEARCH   = --memory $(call quoted,$(MEMORY)) --step-program $(PLAN_STEP) $(if $(CSV),--csv) $(SEARCH_CHOICES)
PLAN_PLATFORM = $(if $(filter PLATFORM,$(given) $(inherited)),$(PLATFORM),computer)
plan: ## step time, bubble, memory and messages of every way to train: MODEL=name RANKS=number
	+@$(call built,$(PLAN))
	+@$(call SIMULATED,$(call built,ASSIGNMENT=$(PLAN_RUNS) SUBMISSION=$(PLAN_WHOSE) $(PLAN_PROGRAM) $(if $(MEMORY),$(PLAN_STEP))))
	+@$(if $(and $(MEMORY),$(SEARCH_BESIDE)),$(call SIMULATED,$(call built,ASSIGNMENT=$(SEARCH_BESIDE) SUBMISSION=$(PLAN_WHOSE) $(S)/programs/$(PLAN_WHOSE)/$(SEARCH_BESIDE))))
	@$(PLAN) $(PLAN_NAMED) --program $(PLAN_PROGRAM) --platform $(call quoted,$(PLAN_PLATFORM)) \
	  --model $(call quoted,$(MODEL)) --data $(call quoted,$(DATA)) --ranks "$(RANKS)" --micro-batches "$(MICRO_BATCHES)" \
	  --batch "$(BATCH)" $(if $(MEMORY)$(CSV),$(PLAN_SEARCH),$(PLAN_DEGREES)) --out $(call quoted,$(or $(OUT),build/plan))

# TABLE_BESIDE: another assignment, whose solutions (in a student's kit: whose files) the tool runs on the simulated
# cluster besides, where it is there.
TABLE       = build/tables/$(SUBMISSION_NAME)/$(ASSIGNMENT)
TABLE_TOOL  = $(wildcard assignments/$(ASSIGNMENT)/tools/table)
TABLE_OTHER = $(filter $(ASSIGNMENTS),$(TABLE_BESIDE_$(ASSIGNMENT)))
TABLE_WHOSE = $(if $(wildcard solutions/$(TABLE_OTHER)/*.c),solutions,skeleton)
TABLE_BESIDE_PROGRAM = $(if $(TABLE_OTHER),$(S)/programs/$(TABLE_WHOSE)/$(TABLE_OTHER))
table: data ## what every way to train costs, measured, as tables and a picture (ASSIGNMENT=data, memory)
	@$(if $(TABLE_TOOL),,echo "make table: $(ASSIGNMENT) has no such table; these have one:" \
	  $(patsubst assignments/%/tools/table,%,$(wildcard assignments/*/tools/table)) >&2; exit 2)
	+@$(call put_in_place)
	+@$(call built,$(PROGRAM) $(TABLE_PROGRAM) $(call SIMULATED,$(SIMULATOR_PROGRAM)))
	+@$(if $(TABLE_BESIDE_PROGRAM),$(call SIMULATED,$(call built,ASSIGNMENT=$(TABLE_OTHER) SUBMISSION=$(TABLE_WHOSE) $(TABLE_BESIDE_PROGRAM))))
	@MODEL=$(call quoted,$(MODEL)) DATA=$(call quoted,$(DATA)) BATCH="$(BATCH)" RANKS="$(RANKS)" MICRO_BATCHES="$(MICRO_BATCHES)" \
	  PLATFORM=$(if $(filter PLATFORM,$(given) $(inherited)),$(call quoted,$(PLATFORM))) BESIDE="$(call SIMULATED,$(TABLE_BESIDE_PROGRAM))" \
	  TABLE_PROGRAM="$(TABLE_PROGRAM)" $(TABLE_TOOL) $(PROGRAM) "$(call SIMULATED,$(SIMULATOR_PROGRAM))" $(call quoted,$(or $(OUT),$(TABLE)))

plot: ## draw the submission's curves over the single-process reference
	+@$(call built,$(HANDIN))
	@tools/with_args $(ARGS_WORD) $(HANDIN) plot --submission=$(SUBMISSION_WORD) --assignment $(ASSIGNMENT) \
	  --curves $(CURVE_FOLDER) ARGS

submission: ## pack the files to hand in, and the one Markdown file
	+@$(call built,$(HANDIN))
	@tools/with_args $(ARGS_WORD) $(HANDIN) pack --submission=$(SUBMISSION_WORD) --assignment $(ASSIGNMENT) \
	  --curves $(CURVE_FOLDER) --out build/submissions/$(SUBMISSION_NAME)/$(ASSIGNMENT) ARGS

# BEGIN INSTRUCTOR
curves: data ## (instructor) regenerate all reference curves from the solutions
	+@$(call built,SUBMISSION=solutions $(B)/programs/solutions/$(ASSIGNMENT))
	@B=$(B) tools/curves $(ASSIGNMENT)

skeleton: ## cut skeleton/ out of solutions/
	@tools/make_skeleton

handout: ## put the tables of points into the hand-outs
	+@$(call built,$(GRADER))
	@B=$(B) tools/handout
# END INSTRUCTOR

clean: ## remove everything that was built
	@rm -rf build

endif
