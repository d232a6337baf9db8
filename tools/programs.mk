# The library, and the program of an assignment with somebody's files, for this computer.

# ---- common/: the library ---------------------------------------------------------------------------

# What is the same on every machine, and what is this computer's own.
PORTABLE_SOURCES := $(filter-out common/tests/% common/kernels/tests/%,$(wildcard common/*/*.c common/kernels/*/*.c))
COMMON_SOURCES   := $(PORTABLE_SOURCES) $(wildcard common/*/machines/real.c)
COMMON_LIBRARY   := $(B)/libcommon.a
$(COMMON_LIBRARY): $(call objects,$(COMMON_SOURCES))

# ---- assignments ------------------------------------------------------------------------------------

# The assignments whose student files this one needs, too: its rubric says which.
uses = $(shell tools/rubrics uses $(1))

# What the assignment brings to the program: what it shares with its judges, the program itself, and
# what student files call, which goes wherever they go.
program_sources = $(wildcard assignments/$(1)/*.c assignments/$(1)/program/*.c assignments/$(1)/given/*.c)
given_sources   = $(wildcard assignments/$(1)/given/*.c)

USED             := $(call uses,$(ASSIGNMENT))
PROGRAM_ARCHIVE  := $(B)/assignments/$(ASSIGNMENT)/program.a
GIVEN_ARCHIVES   := $(patsubst %,$(B)/assignments/%/given.a,$(USED))
# The course's own files of an assignment that is used stand in for a student's that can't be.
COURSE_ARCHIVES  := $(foreach used,$(USED),$(if $(wildcard solutions/$(used)/*.c),$(B)/solutions/$(used)/course.a))
$(PROGRAM_ARCHIVE): $(call objects,$(call program_sources,$(ASSIGNMENT)))
$(foreach used,$(USED),$(eval $(B)/assignments/$(used)/given.a: $(call objects,$(call given_sources,$(used)))))
$(foreach used,$(USED),$(eval $(B)/solutions/$(used)/course.a: $(call objects,$(wildcard solutions/$(used)/*.c))))

# ---- a program: build/programs/SUBMISSION/ASSIGNMENT --------------------------------------------------

#: COURSE=names  of assignments that this one uses: takes the course's files, whatever the submission has
# Of the used assignments that COURSE names, or of which the submission has no files, the course's.
COURSE             ?=
without_files      = $(foreach used,$(USED),$(if $(wildcard $(SUBMISSION)/$(used)/*.c),,$(used)))
courses_own        = $(filter $(COURSE) $(without_files),$(USED))
submission_sources = $(wildcard $(foreach name,$(ASSIGNMENT) $(filter-out $(courses_own),$(USED)),$(SUBMISSION)/$(name)/*.c))
SUBMISSION_NAME    := $(notdir $(subst $(blank),-,$(SUBMISSION)))
PROGRAM_NAME       := $(SUBMISSION_NAME)/$(ASSIGNMENT)$(if $(COURSE),-with-$(subst $(blank),-,$(COURSE)))
PROGRAM            := $(B)/programs/$(PROGRAM_NAME)
# $(1): the build folder.
course_instead     = $(filter $(courses_own:%=$(1)/solutions/%/course.a),$(COURSE_ARCHIVES:$(B)/%=$(1)/%))
STUDENT_OBJECTS    := $(call objects,$(submission_sources))
$(B)/skeleton/%.o $(if $(filter-out solutions,$(SUBMISSION)),$(STUDENT_OBJECTS)): WARNINGS = $(STUDENT_FLAGS)
$(PROGRAM): $(STUDENT_OBJECTS) $(PROGRAM_ARCHIVE) $(GIVEN_ARCHIVES) $(call course_instead,$(B)) $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) -rdynamic $(STUDENT_OBJECTS) -Wl,--whole-archive $(PROGRAM_ARCHIVE) $(GIVEN_ARCHIVES) \
	  $(call course_instead,$(B)) -Wl,--no-whole-archive $(COMMON_LIBRARY) $(PROGRAM_LIBS) -o $@.new && mv $@.new $@
