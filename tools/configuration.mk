# Where things are, and how C is compiled.

include tools/environment.mk

B := build$(if $(SANITIZE),/sanitize)
S := $(B)/simulator

# SimGrid's compiler; empty: there is no simulated cluster here, and nothing needs it.
SIMULATOR_CC ?= $(shell command -v smpirun > /dev/null && command -v smpicc)
SIMULATOR_CC := $(SIMULATOR_CC)
# Not the environment's CC: it is some other project's. (make CC=clang is taken.)
CC           := gcc

# ---- assignments: the folder of each has its rubric in it ---------------------------------------------

# Those that somebody named for a command on many: the kit's own are all that are there, whatever that says.
NAMED_ASSIGNMENTS := $(if $(filter ASSIGNMENTS,$(given)),$(strip $(subst $(comma), ,$(ASSIGNMENTS))))
override ASSIGNMENTS := $(patsubst assignments/%/rubric.cfg,%,$(wildcard assignments/*/rubric.cfg))
# A template is none that is handed out; ASSIGNMENT=all means the others.
HANDED_OUT  := $(shell tools/rubrics handed-out)

ifneq ($(filter-out $(ASSIGNMENTS),$(notdir $(patsubst %/,%,$(wildcard assignments/*/)))),)
$(error assignments/$(firstword $(filter-out $(ASSIGNMENTS),$(notdir $(patsubst %/,%,$(wildcard assignments/*/))))) has no rubric.cfg)
endif
ifneq ($(words $(ASSIGNMENT)) $(filter all $(ASSIGNMENTS),$(ASSIGNMENT)),1 $(ASSIGNMENT))
$(error there is no assignment "$(ASSIGNMENT)"; there are: $(HANDED_OUT), and all of them: all)
endif

ifneq ($(filter-out $(ASSIGNMENTS),$(NAMED_ASSIGNMENTS)),)
$(error ASSIGNMENTS="$(NAMED_ASSIGNMENTS)": there is no assignment "$(firstword $(filter-out $(ASSIGNMENTS),$(NAMED_ASSIGNMENTS)))"; there are: $(ASSIGNMENTS))
endif
ifneq ($(filter-out $(ASSIGNMENTS),$(COURSE)),)
$(error COURSE="$(COURSE)": there is no assignment "$(firstword $(filter-out $(ASSIGNMENTS),$(COURSE)))"; there are: $(ASSIGNMENTS))
endif

# ---- what is installed: found once by tools/configure, after tools/setup installed what is missing -

LOCK := $(shell command -v flock)
# What the shell puts before a command that nobody else in this checkout may run at the same time.
# (Who has the lock on builds already need not wait for itself.)
locked = mkdir -p build && $(if $(BUILD_LOCKED),,$(LOCK:%=% build/$(1).lock))

ifneq ($(filter-out help setup clean format skeleton handout,$(or $(MAKECMDGOALS),help)),)
ifeq ($(shell mkdir -p build $(call quoted,$(B)) 2>&1 && [ -w build ] && [ -w $(call quoted,$(B)) ] && echo yes),)
$(error build/ can't be written to, and everything is built there: copy the kit to a folder of your own (cp -r), and go on in that)
endif
include build/config.mk build/linker.mk
PROGRAM_LIBS   += $(LINKER)
SIMULATOR_LIBS += $(LINKER)
ifeq ($(LIBRARIES_AT_RUN),)
unexport LD_LIBRARY_PATH
else
export LD_LIBRARY_PATH := $(LIBRARIES_AT_RUN)
endif
endif

# config.mk names what else it stands on: programs that may go away.
build/config.mk: tools/configure tools/setup $(if $(SIMULATOR_CC),build/has-simulator)
	@$(call locked,setup) sh -c 'tools/setup && tools/configure > $@.new && mv $@.new $@'

# Apart: objects don't depend on it. Behind what installs the compiler.
build/linker.mk: tools/linker | build/config.mk
	@mkdir -p build && CC=$(call quoted,$(CC)) tools/linker > $@.$$PPID && mv $@.$$PPID $@

# SimGrid may come later.
build/has-simulator:
	@mkdir -p build && touch $@

# ---- how to compile -----------------------------------------------------------------------------

# The kit and the solutions are held to more warnings than a student's files.
WARNINGS         := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
# With bounds, an index that does not fit its array ends the program: common/base/array_bounds.c.
STUDENT_FLAGS    := -Wall -Wextra $(if $(SANITIZE),,-fsanitize=bounds)
SANITIZERS       := $(if $(SANITIZE),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined)
# -fno-optimize-sibling-calls: the log wants to know which line called MPI.
FLAGS            := -std=gnu17 -D_GNU_SOURCE -O2 -g -fno-optimize-sibling-calls -fno-omit-frame-pointer $(SANITIZERS) -I.
KERNEL_FLAGS     := -O3 -march=native -mprefer-vector-width=512 -fopenmp -fno-math-errno -fno-trapping-math

# One short line per thing that is made; V=1 shows the commands.
say = $(if $(V),,@echo "  $@" && )

objects = $(patsubst %.c,$(B)/%.o,$(1))

# What is compiled for the processor that make runs on, in each build folder.
for_this_processor = $(1)/common/kernels/%.o $(1)/common/log/log_sketch.o $(1)/common/base/processor_built.o
$(call for_this_processor,$(B)): OWN_FLAGS = $(KERNEL_FLAGS)
$(B)/%.o: %.c build/config.mk
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) $(WARNINGS) $(OWN_FLAGS) $(PROGRAM_CFLAGS) -MMD -MP -c $< -o $@

$(B)/%.a: $(B)/sources
	@mkdir -p $(@D)
	@rm -f $@.new
	$(say)ar rcs $@.new $(filter %.o,$^) && mv $@.new $@

# What is linked is made anew when a source comes or goes, too.
$(B)/sources: FORCE
	@mkdir -p $(@D)
	@find $(wildcard common grader handin planner class assignments solutions tests) -name '*.c' | sort > $@.$$PPID
	@if cmp -s $@.$$PPID $@; then rm $@.$$PPID; else mv $@.$$PPID $@; fi
.PHONY: FORCE
FORCE:

# make goes by dates alone; what is older than its object and nevertheless another file is found by its content, in
# each make that builds. $(1): a name; $(2): folders; $(3): how deep.
# (One that only says what it would do, beside a build, forgets nothing.)
only_says      = $(findstring n,$(filter-out --%,$(firstword -$(MAKEFLAGS))))
builds         = $(if $(only_says),,$(or $(BUILD_LOCKED),$(filter $(B)/% build/%,$(MAKECMDGOALS))))
forget_changed = $(if $(builds),$(shell tools/forget_changed $(call quoted,$(B)) $(1) $(3) $(2)))
$(call forget_changed,kit,$(wildcard common assignments grader handin planner class solutions skeleton tests bench),7)

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---- how to build before a command ----------------------------------------------------------------

CORES := $(shell nproc 2>/dev/null || echo 2)
# A command of the Makefile builds what it needs with `$(call built,THINGS)`: on all cores, unless make
# was told how many, and one make after the other, so that two in one checkout do not write to one file.
# On a terminal (MAKE_TERMERR) one line counts.
built = $(call locked,build) $(if $(and $(MAKE_TERMERR),$(if $(V),,yes)),tools/build_progress )$(MAKE) BUILD_LOCKED=1 -s --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(CORES)) $(1)
