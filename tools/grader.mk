# The grader's side: grade, handin and plan, with what the assignments bring to each.

# What only one assignment has, for its judges, timeline and planner to share: assignments/NAME/levels.txt
# lists these rooms.
OWN_ROOMS := $(foreach table,$(wildcard assignments/*/levels.txt),$(shell awk '$$1 ~ /^[0-9]+$$/ { print $$2 }' $(table)))

$(B)/grader/%.o $(B)/handin/%.o $(B)/planner/%.o $(addsuffix /%.o,$(addprefix $(B)/,$(OWN_ROOMS))): OWN_FLAGS = $(GRADER_CFLAGS)
$(foreach part,judges planner table timeline,$(eval $(foreach name,$(ASSIGNMENTS),$(B)/assignments/$(name)/$(part)/%.o): OWN_FLAGS = $(GRADER_CFLAGS)))

GRADER_LIBRARY  := $(B)/libgrader.a
HANDIN_LIBRARY  := $(B)/libhandin.a
PLANNER_LIBRARY := $(B)/libplanner.a
$(GRADER_LIBRARY): $(call objects,$(filter-out %/tests/%,$(wildcard grader/*/*.c)) $(filter-out grader/main.c,$(wildcard grader/*.c)))
$(HANDIN_LIBRARY): $(call objects,$(filter-out handin/main.c,$(wildcard handin/*.c)))
$(PLANNER_LIBRARY): $(call objects,$(filter-out planner/main.c,$(wildcard planner/*.c)))

# An assignment registers itself when the program starts, so its objects are linked as they are: from
# an archive nobody would ask for them. Everything but its program belongs to the grader's side.
judging_sources  := $(wildcard assignments/*/*.c assignments/*/judges/*.c $(OWN_ROOMS:%=%/*.c))
JUDGING          := $(call objects,$(judging_sources))
TIMELINES        := $(call objects,$(wildcard assignments/*/timeline/*.c))
PLANS            := $(call objects,$(wildcard assignments/*/planner/*.c))

GRADER := $(B)/grade
HANDIN := $(B)/handin/handin
PLAN   := $(B)/planner/plan
# A program is replaced in one go: another make may be about to run it.
link_grader = $(CC) $(FLAGS) $(filter %.o,$^) $(filter %.a,$^) $(GRADER_LIBS) $(PROGRAM_LIBS) -o $@.new && mv $@.new $@
$(GRADER) $(HANDIN) $(PLAN): $(B)/sources
$(GRADER): $(call objects,grader/main.c) $(JUDGING) $(GRADER_LIBRARY) $(COMMON_LIBRARY)
	$(say)$(link_grader)
$(HANDIN): $(call objects,handin/main.c) $(JUDGING) $(TIMELINES) $(HANDIN_LIBRARY) $(GRADER_LIBRARY) $(COMMON_LIBRARY)
	$(say)$(link_grader)
$(PLAN): $(call objects,planner/main.c) $(JUDGING) $(PLANS) $(PLANNER_LIBRARY) $(GRADER_LIBRARY) $(COMMON_LIBRARY)
	$(say)$(link_grader)

# An assignment that has tables brings assignments/NAME/tools/table, and may bring a program for it.
TABLE_PROGRAMS := $(sort $(patsubst assignments/%/main.c,$(B)/assignments/%/table,$(wildcard assignments/*/table/main.c)))
TABLE_PROGRAM  := $(filter $(B)/assignments/$(ASSIGNMENT)/table/table,$(TABLE_PROGRAMS))
$(foreach table,$(TABLE_PROGRAMS),$(eval $(table): $(call objects,$(wildcard $(patsubst $(B)/%/table,%,$(table))/*.c))))
$(TABLE_PROGRAMS): $(JUDGING) $(GRADER_LIBRARY) $(COMMON_LIBRARY) $(B)/sources
	$(say)$(link_grader)

# What the grader's own build of a submission needs to know: how to compile, link, with which
# libraries; and the same for the simulated cluster, where SimGrid is there.
PROGRAM_FLAGS   = '$(CC) $(FLAGS) $(STUDENT_FLAGS) $(PROGRAM_CFLAGS)' '$(CC) $(FLAGS) -rdynamic' '$(PROGRAM_LIBS)'
SIMULATOR_LINES = '$(SIMULATOR_COMPILE) $(SIMULATOR_FLAGS) $(STUDENT_FLAGS) $(SIMULATOR_CFLAGS)' '$(SIMULATOR_LINK)' '$(SIMULATOR_END)'
$(B)/program.flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(PROGRAM_FLAGS) $(if $(SIMULATOR_CC),$(SIMULATOR_LINES)) > $@.$$PPID
	@if cmp -s $@.$$PPID $@; then rm $@.$$PPID; else mv $@.$$PPID $@; fi

# What an instructor does with everybody's work; a kit that is handed out is without it. Each folder brings its rules.
CLASS_LIBS    := -lsqlite3 -lmicrohttpd -lcsv -lyaml
CLASS_LIBRARY := $(if $(wildcard class/main.c),$(B)/libclass.a)
CLASS         := $(CLASS_LIBRARY:%libclass.a=%class/class)
$(B)/class/%.o: OWN_FLAGS = $(GRADER_CFLAGS)
$(CLASS_LIBRARY): $(call objects,$(filter-out class/tests/%,$(wildcard class/*/*.c)) $(filter-out class/main.c,$(wildcard class/*.c)))
$(CLASS): $(call objects,$(wildcard class/main.c)) $(JUDGING) $(CLASS_LIBRARY) $(GRADER_LIBRARY) $(COMMON_LIBRARY) $(B)/sources
	$(say)$(link_grader:-o%=$(CLASS_LIBS) -o%)

# Which kit this is: reports say so.
$(B)/kit-version: FORCE
	@mkdir -p $(@D)
	@tools/kit_version > $@.$$PPID
	@if cmp -s $@.$$PPID $@; then rm $@.$$PPID; else mv $@.$$PPID $@; fi

# What must be there before the grader can build a submission of ASSIGNMENT.
GRADING = $(GRADER) $(B)/kit-version $(B)/program.flags $(PROGRAM_ARCHIVE) $(USED_ARCHIVES) $(GIVEN_ARCHIVES) $(COURSE_ARCHIVES) $(COMMON_LIBRARY) \
          $(call SIMULATED,$(SIMULATOR_PROGRAM_ARCHIVE) $(USED_ARCHIVES:$(B)/%=$(S)/%) $(SIMULATOR_GIVEN_ARCHIVES) $(COURSE_ARCHIVES:$(B)/%=$(S)/%) $(SIMULATOR_LIBRARY))

# For whoever runs the grader without make.
.PHONY: grading
grading: data
	+@$(call built,$(GRADING))
