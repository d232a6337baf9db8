# The library, and the program of an assignment with somebody's files, for this computer.

# ---- common/: the library ---------------------------------------------------------------------------

# What is the same on every machine, and what is this computer's own.
PORTABLE_SOURCES := $(filter-out common/tests/% common/kernels/tests/%,$(wildcard common/*/*.c common/kernels/*/*.c))
COMMON_SOURCES   := $(PORTABLE_SOURCES) $(wildcard common/*/machines/real.c)
COMMON_LIBRARY   := $(B)/libcommon.a
$(COMMON_LIBRARY): $(call objects,$(COMMON_SOURCES))

# On another processor the kernels are compiled anew: an older one would refuse them. Compilers know by
# these macros what it has.
build/processor: FORCE | build/config.mk
	@$(CC) -march=native -dM -E -x c /dev/null | sort > $@.$$PPID
	@if cmp -s $@.$$PPID $@; then rm $@.$$PPID; else mv $@.$$PPID $@; fi
$(foreach folder,$(B) $(S),$(filter $(call for_this_processor,$(folder)),$(PORTABLE_SOURCES:%.c=$(folder)/%.o))): build/processor

# ---- assignments ------------------------------------------------------------------------------------

# The assignments whose student files this one needs, too: its rubric says which.
uses = $(shell tools/rubrics uses $(1))

# What the assignment brings to the program: what it shares with its judges, the program itself, and
# what student files call, which goes wherever they go.
program_sources = $(wildcard assignments/$(1)/*.c assignments/$(1)/program/*.c assignments/$(1)/given/*.c)
given_sources   = $(wildcard assignments/$(1)/*.c assignments/$(1)/given/*.c)

USED             := $(call uses,$(ASSIGNMENT))
PROGRAM_ARCHIVE  := $(B)/assignments/$(ASSIGNMENT)/program.a
GIVEN_ARCHIVES   := $(patsubst %,$(B)/assignments/%/given.a,$(USED))
# Checks may need those of an assignment that is used to pass (needs in the rubric): its own program runs them.
USED_ARCHIVES    := $(patsubst %,$(B)/assignments/%/program.a,$(USED))
# The course's own files of an assignment that is used stand in for a student's that can't be.
WITH_COURSE      := $(foreach used,$(USED),$(if $(wildcard solutions/$(used)/*.c),$(used)))
COURSE_ARCHIVES  := $(WITH_COURSE:%=$(B)/solutions/%/course.a)
$(if $(filter-out $(WITH_COURSE),$(filter $(USED),$(COURSE))),$(error COURSE="$(COURSE)": the course's files are not in this kit))
$(PROGRAM_ARCHIVE): $(call objects,$(call program_sources,$(ASSIGNMENT)))
$(foreach used,$(USED),$(eval $(B)/assignments/$(used)/program.a: $(call objects,$(call program_sources,$(used)))))
$(foreach used,$(USED),$(eval $(B)/assignments/$(used)/given.a: $(call objects,$(call given_sources,$(used)))))
$(foreach used,$(USED),$(eval $(B)/solutions/$(used)/course.a: $(call objects,$(wildcard solutions/$(used)/*.c))))

# ---- a submission: where its files are, for make ------------------------------------------------------

# What build/ has besides the objects of the kit's folders: below simulator/, say, all is a second time.
own_of_build    := $(foreach own,simulator sanitize cuda preload programs tests devices faults fuzz,$(own) $(own)/%)
# SUBMISSION as one word for the shell, and the name that build/ has for it.
$(if $(SUBMISSION),,$(error SUBMISSION is empty: it names a folder, or an archive))
SUBMISSION_WORD = $(call quoted,$(SUBMISSION))
# (Of most the name is known without asking: a folder of the kit itself, and no link to another.)
is_own_folder  := $(if $(or $(call odd_in,$(SUBMISSION),$(plain_signs)),$(filter .% -%,$(SUBMISSION))),,$(SUBMISSION))
is_own_folder  := $(if $(filter $(realpath .)/$(is_own_folder),$(realpath $(is_own_folder))),$(is_own_folder))
SUBMISSION_NAME := $(or $(is_own_folder),$(shell tools/short_name $(SUBMISSION_WORD)))
# The C files that the rubric of an assignment names; and those of them that are there.
rubric_words = $(subst ;, ,$(subst $(comma), ,$(file < assignments/$(1)/rubric.cfg)))
rubric_files = $(foreach word,$(patsubst "%",%,$(sort $(filter "%.c",$(rubric_words)))),$(if $(findstring /,$(word)),,$(word)))
files_of     = $(foreach name,$(call rubric_files,$(1)),$(wildcard $(FILES)/$(1)/$(name)))
# A folder with a plain path, however it is written, and with all files where they should be, is taken as it is. For
# all others the grader, which looks at them with more care, puts the files into FILES first. So it does where build/
# has a folder of this name for itself, below which the objects would be.
whole_path  := $(if $(call odd_in,$(SUBMISSION),$(plain_signs) /),,$(realpath $(SUBMISSION)))
plain_path  := $(if $(call odd_in,$(realpath .)$(whole_path),$(plain_signs) /),,$(patsubst $(realpath .)/%,%,$(whole_path)))
plain_path  := $(filter-out -% build build/% $(realpath .) $(own_of_build),$(plain_path))
FILES       := $(plain_path)
plain_files := $(filter $(realpath $(FILES))/$(ASSIGNMENT)/%,$(realpath $(call files_of,$(ASSIGNMENT))))
PLACED      := $(if $(and $(FILES),$(filter $(words $(plain_files)),$(words $(call rubric_files,$(ASSIGNMENT))))),,build/handed-in/$(SUBMISSION_NAME))
FILES       := $(or $(PLACED),$(FILES))
$(call forget_changed,$(SUBMISSION_NAME),$(call quoted,$(FILES)),2)
put_in_place = $(if $(PLACED),$(call built,$(GRADER)) && \
                 $(GRADER) --submission=$(SUBMISSION_WORD) --assignment $(ASSIGNMENT) --place $(FILES))

# ---- a program: build/programs/SUBMISSION/ASSIGNMENT --------------------------------------------------

#: COURSE=names  of assignments that this one uses: takes the course's files, whatever the submission has
# Of the used assignments that COURSE names, or of which the submission has no files, the course's; of what it lacks
# beyond that, the skeleton's, with their TODOs.
without_files      = $(foreach used,$(USED),$(if $(call files_of,$(used)),,$(used)))
courses_own        = $(filter $(COURSE) $(without_files),$(WITH_COURSE))
files_or_todos     = $(foreach name,$(call rubric_files,$(1)),$(firstword $(wildcard $(FILES)/$(1)/$(name) skeleton/$(1)/$(name))))
submission_sources = $(call files_of,$(ASSIGNMENT)) $(foreach used,$(filter-out $(courses_own),$(USED)),$(call files_or_todos,$(used)))
PROGRAM_NAME       := $(SUBMISSION_NAME)/$(ASSIGNMENT)$(if $(COURSE),-with-$(subst $(blank),-,$(COURSE)))
PROGRAM            := $(B)/programs/$(PROGRAM_NAME)
# $(1): the build folder.
course_instead     = $(filter $(courses_own:%=$(1)/solutions/%/course.a),$(COURSE_ARCHIVES:$(B)/%=$(1)/%))
STUDENT_OBJECTS    := $(call objects,$(submission_sources))
# Of which files, and where they are: a file that goes may leave only parts that are older than the program.
$(PROGRAM).parts: FORCE
	@mkdir -p $(@D)
	@echo $(submission_sources) $(courses_own) > $@.$$PPID
	@if cmp -s $@.$$PPID $@; then rm $@.$$PPID; else mv $@.$$PPID $@; fi
$(B)/skeleton/%.o $(if $(filter-out solutions,$(FILES)),$(STUDENT_OBJECTS)): WARNINGS = $(STUDENT_FLAGS)
$(PROGRAM): $(STUDENT_OBJECTS) $(PROGRAM_ARCHIVE) $(GIVEN_ARCHIVES) $(call course_instead,$(B)) $(COMMON_LIBRARY) $(PROGRAM).parts
	@mkdir -p $(@D)
	$(say)tools/link $(CC) $(FLAGS) -rdynamic $(STUDENT_OBJECTS) -Wl,--whole-archive $(PROGRAM_ARCHIVE) $(GIVEN_ARCHIVES) \
	  $(call course_instead,$(B)) $(COMMON_LIBRARY) -Wl,--no-whole-archive $(PROGRAM_LIBS) -o $@.new && mv $@.new $@

# ---- a program of its own, which a chapter runs ------------------------------------------------------------

#: NP=ranks  of make bench-overlap, too
.PHONY: bench-overlap
bench-overlap: ## how much of a non-blocking all-reduce is hidden behind computation, with MPI_Test in between and without
	+@$(call built,$(B)/bench/overlap)
	@tools/launch $(NP) $(B)/bench/overlap
$(B)/bench/overlap: bench/overlap.c build/config.mk
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) $(WARNINGS) $(PROGRAM_CFLAGS) -MMD -MP $< $(PROGRAM_LIBS) -o $@
