# What a person types. `make help` lists it; the rules behind it stand by subject in tools/*.mk, and
# what only one assignment has in assignments/NAME/assignment.mk.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
SHELL := /bin/bash

# ---- what can be chosen on the command line -----------------------------------------------------

#: ASSIGNMENT=name (or all)  SUBMISSION=skeleton (or solutions, or any folder)  CHECK=name  OUT=folder
#: SEED=number  NP=ranks  ARGS="options of the program; --help lists them"
#: SANITIZE=1     grade or train with sanitizers: it ends at the first wrong access to memory, with its line
#: CURVE=name of the curve that make train writes (ranks-NP)
#: PLATFORM=name of the simulated cluster (free): a file of common/platforms, or this: make calibrate
#: SYNCHRONOUS=1  simulate with sends that wait for their receive
#: MEMORY=1       make timeline shows memory over time, too: by kind, as a picture and a table
#: MACHINE=real   make timeline on this computer, not on the simulated cluster
#: MODEL=name RANKS=number MICRO_BATCHES=number BATCH=samples DATA=name  what make plan plans (planner/README.md)
# assignments/default names the assignment that is meant where nobody names one.
DEFAULT      := $(strip $(file < assignments/default))
ASSIGNMENT   ?= $(DEFAULT)
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
MEMORY       ?=

include tools/configuration.mk

.PHONY: help setup data build grade train simulate timeline plan plot submission curves mutants skeleton handout clean

ifeq ($(ASSIGNMENT),all)
OF_EACH := build grade plot submission curves mutants bench-grade
OF_ONE  := train simulate timeline plan
OTHERS  := $(filter-out $(OF_EACH) $(OF_ONE),$(or $(MAKECMDGOALS),help))
.PHONY: $(OTHERS)
# One after the other.
$(OF_EACH):
	@status=0; for name in $(HANDED_OUT); do \
	  $(MAKE) --no-print-directory ASSIGNMENT=$$name $(if $(OUT),OUT="$(OUT)/$$name") $@ || status=$$?; done; exit $$status
$(OF_ONE):
	@echo "make $@: runs one program, so name one assignment: $(HANDED_OUT)" >&2; exit 2
# What asks for no assignment.
$(OTHERS):
	@$(MAKE) --no-print-directory ASSIGNMENT=$(DEFAULT) $@
else

include tools/programs.mk tools/simulator.mk tools/grader.mk tools/tests.mk tools/development.mk
-include $(wildcard assignments/*/assignment.mk)

# ---- commands -----------------------------------------------------------------------------------

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9_.-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@sed -n 's/^#: /  /p' $(MAKEFILE_LIST)

setup: ## install what is missing (prints the command first)
	@tools/setup

data: | setup
	@datasets/get fashion-mnist

build: ## build the grader and the program of SUBMISSION
	+@$(call built,$(GRADER) $(PROGRAM) $(call SIMULATED,$(SIMULATOR_PROGRAM)))

grade: data ## grade SUBMISSION: score, explanations, report
	+@$(call built,$(GRADING))
	@$(GRADER) --submission "$(SUBMISSION)" --assignment $(ASSIGNMENT) --build-folder $(B) \
	  $(if $(CHECK),--check $(CHECK)) $(if $(OUT),--out $(OUT)) $(if $(SEED),--seed $(SEED))

CURVE_FOLDER = build/curves/$(notdir $(SUBMISSION))/$(ASSIGNMENT)
# Runs that repeat what the grader did, or only compare, leave the learning curves alone.
CURVE_OPTION = $(if $(filter --evidence --compare --probe --help,$(ARGS)),,--curve $(CURVE_FOLDER)/$(CURVE).csv)
train: data ## train with NP ranks and ARGS; writes the learning curve
	+@$(call built,$(PROGRAM))
	@mkdir -p $(CURVE_FOLDER)
	@if [ -t 2 ]; then export PROGRESS=line; fi; \
	  tools/launch $(NP) $(PROGRAM) $(CURVE_OPTION) $(ARGS) \
	  $(if $(CURVE_OPTION),&& echo "learning curve: $(CURVE_FOLDER)/$(CURVE).csv (make plot draws it)") || \
	  { status=$$?; [ $$status -le 128 ] || echo "train: a rank was ended by signal $$((status - 128)) ($$(kill -l $$((status - 128))))" >&2; exit $$status; }

simulate: data ## run with NP ranks on a simulated cluster: PLATFORM=name
	+@$(call SIMULATED,$(call built,$(SIMULATOR_PROGRAM)))
	@$(SIMULATE) $(SIMULATOR_PROGRAM) $(ARGS)

# A simulated run shows the schedule as it is; a real one also what this computer makes of it.
MACHINE  ?= $(if $(SIMULATOR_CC),simulated,real)
SIMULATE = tools/simulate $(if $(SYNCHRONOUS),--synchronous) $(NP) $(PLATFORM)
TIMELINE = build/timelines/$(notdir $(SUBMISSION))-$(ASSIGNMENT)
on_machine = $(if $(filter simulated,$(MACHINE)),$(1),$(2))
timeline: data ## draw who worked when with NP ranks and ARGS, and export it for Perfetto
	+@$(call built,$(HANDIN) $(call on_machine,$(SIMULATOR_PROGRAM),$(PROGRAM)))
	@rm -rf $(TIMELINE) && mkdir -p $(TIMELINE)
	@status=0; $(call on_machine,$(SIMULATE) $(SIMULATOR_PROGRAM),tools/launch $(NP) $(PROGRAM)) $(ARGS) \
	    --steps $(call on_machine,1,3) --quiet --evidence $(TIMELINE) $(if $(MEMORY),--log-memory) || status=$$?; \
	  [ $$status -eq 2 -o ! -e $(TIMELINE)/rank-$$(($(NP) - 1)).log ] || \
	    $(HANDIN) timeline --assignment $(ASSIGNMENT) --evidence $(TIMELINE) \
	    --program $(call on_machine,$(SIMULATOR_PROGRAM),$(PROGRAM)) --arguments '$(ARGS)' \
	    --where '$(call on_machine,on the simulated cluster "$(PLATFORM)",on this computer)' || status=$$?; exit $$status

# The planner runs the solutions on a described cluster; `free` would show no messages.
PLAN_PROGRAM  = $(S)/programs/solutions/$(ASSIGNMENT)
PLAN_PLATFORM = $(if $(filter file,$(origin PLATFORM)),computer,$(PLATFORM))
plan: ## step time, bubble, memory and messages of every way to train: MODEL=name RANKS=number
	+@$(call built,$(PLAN))
	+@$(call SIMULATED,$(call built,SUBMISSION=solutions $(PLAN_PROGRAM)))
	@$(PLAN) --assignment $(ASSIGNMENT) --program $(PLAN_PROGRAM) --platform "$(PLAN_PLATFORM)" --model "$(MODEL)" --data "$(DATA)" \
	  --ranks "$(RANKS)" --micro-batches "$(MICRO_BATCHES)" --batch "$(BATCH)" $(PLAN_DEGREES) --out "$(or $(OUT),build/plan)"

plot: ## draw the submission's curves over the single-process reference
	+@$(call built,$(HANDIN))
	@$(HANDIN) plot --submission "$(SUBMISSION)" --assignment $(ASSIGNMENT) $(ARGS)

submission: ## pack the files to hand in, and the one Markdown file
	+@$(call built,$(HANDIN))
	@$(HANDIN) pack --submission "$(SUBMISSION)" --assignment $(ASSIGNMENT) \
	  --out "build/submissions/$(notdir $(SUBMISSION))/$(ASSIGNMENT)" $(ARGS)

curves: data ## (instructor) regenerate all reference curves from the solutions
	+@$(call built,SUBMISSION=solutions $(B)/programs/solutions/$(ASSIGNMENT))
	@B=$(B) tools/curves $(ASSIGNMENT)

skeleton: ## cut skeleton/ out of solutions/
	@tools/make_skeleton

handout: ## put the tables of points into the hand-outs
	+@$(call built,$(GRADER))
	@B=$(B) tools/handout

clean: ## remove everything that was built
	@rm -rf build

endif
