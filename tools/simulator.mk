# The same for the simulated cluster, under build/simulator: SimGrid loads a copy of the program for
# each rank, so it is a shared object. AddressSanitizer does not go with that.

# What is built only where SimGrid is.
SIMULATED = $(if $(SIMULATOR_CC),$(1))

simulator_objects  = $(patsubst %.c,$(S)/%.o,$(1))
SIMULATOR_FLAGS   := $(filter-out $(SANITIZERS),$(FLAGS)) $(if $(SANITIZE),-fsanitize=undefined -fno-sanitize-recover=undefined) \
                     -DSMPI_NO_OVERRIDE_MALLOC

$(call for_this_processor,$(S)): OWN_FLAGS = $(KERNEL_FLAGS)
$(S)/%.o: %.c build/config.mk
	@mkdir -p $(@D)
	$(say)$(SIMULATOR_COMPILE) $(SIMULATOR_FLAGS) $(WARNINGS) $(OWN_FLAGS) $(SIMULATOR_CFLAGS) -MMD -MP -c $< -o $@

SIMULATOR_LIBRARY := $(S)/libcommon.a
$(SIMULATOR_LIBRARY): $(call simulator_objects,$(PORTABLE_SOURCES) $(filter-out %/real.c,$(wildcard common/*/machines/*.c)))

SIMULATOR_PROGRAM_ARCHIVE := $(S)/assignments/$(ASSIGNMENT)/program.a
SIMULATOR_GIVEN_ARCHIVES  := $(patsubst %,$(S)/assignments/%/given.a,$(USED))
$(SIMULATOR_PROGRAM_ARCHIVE): $(call simulator_objects,$(call program_sources,$(ASSIGNMENT)))
$(foreach used,$(USED),$(eval $(S)/assignments/$(used)/program.a: $(call simulator_objects,$(call program_sources,$(used)))))
$(foreach used,$(USED),$(eval $(S)/assignments/$(used)/given.a: $(call simulator_objects,$(call given_sources,$(used)))))
$(foreach used,$(USED),$(eval $(S)/solutions/$(used)/course.a: $(call simulator_objects,$(wildcard solutions/$(used)/*.c))))

# SimGrid declares MPI's functions weak, for which the linker would not take the kit's from the
# library: it takes all. -Bsymbolic: they, and not SimGrid's own, are those that the program calls.
SIMULATOR_LINK := $(SIMULATOR_LINKER) $(SIMULATOR_FLAGS) -rdynamic -Wl,-Bsymbolic -Wl,--whole-archive
SIMULATOR_END   = -Wl,--no-whole-archive $(SIMULATOR_LIBS)

SIMULATOR_PROGRAM         := $(S)/programs/$(PROGRAM_NAME)
SIMULATOR_STUDENT_OBJECTS := $(call simulator_objects,$(submission_sources))
$(S)/skeleton/%.o $(if $(filter-out solutions,$(FILES)),$(SIMULATOR_STUDENT_OBJECTS)): WARNINGS = $(STUDENT_FLAGS)
$(SIMULATOR_PROGRAM): $(SIMULATOR_STUDENT_OBJECTS) $(SIMULATOR_PROGRAM_ARCHIVE) $(SIMULATOR_GIVEN_ARCHIVES) $(call course_instead,$(S)) $(SIMULATOR_LIBRARY) $(PROGRAM).parts
	@mkdir -p $(@D)
	$(say)tools/link $(SIMULATOR_LINK) $(filter %.o %.a,$^) $(SIMULATOR_END) -o $@.new && mv $@.new $@

# What the planner's search simulates.
SCALE_PROGRAMS := $(patsubst %.c,$(S)/programs/%,$(wildcard bench/programs/*.c))
$(SCALE_PROGRAMS): $(S)/programs/%: $(S)/%.o $(SIMULATOR_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(SIMULATOR_LINK) $^ $(SIMULATOR_END) -o $@

# BEGIN INSTRUCTOR
.PHONY: bench-scale
bench-scale: ## runs of a thousand simulated GPUs: weak scaling, GPT-3 in three dimensions, a published table
	+@$(call built,$(S)/programs/bench/programs/scale_step)
	@B=$(B) bench/scale $(call quoted,$(or $(OUT),build/scale))
# END INSTRUCTOR

# ---- this computer as a platform ------------------------------------------------------------------

# Written where generated files go: it is true on this computer only.
CALIBRATE     := $(B)/platforms/calibrate
THIS_PLATFORM := build/platforms/this.xml
$(CALIBRATE): $(call objects,$(wildcard common/platforms/calibrate/*.c)) $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) $^ $(PROGRAM_LIBS) -o $@.new && mv $@.new $@

#: CALIBRATION_SECONDS=number  how long make calibrate measures (60)
CALIBRATION_SECONDS ?= 60
.PHONY: calibrate
calibrate: data ## measure this computer for PLATFORM=this: simulated time becomes its own
	+@$(call built,$(CALIBRATE))
	@mkdir -p $(dir $(THIS_PLATFORM))
	@OMP_NUM_THREADS=1 tools/launch $(CORES) $(CALIBRATE) $(CALIBRATION_SECONDS) $(call quoted,$(or $(OUT),$(THIS_PLATFORM)))

# BEGIN INSTRUCTOR
.PHONY: bench-calibration
#: ROUNDS=number  of make bench-calibration (3)
bench-calibration: data ## simulated step times of PLATFORM=this beside real ones
	+@$(call built,SUBMISSION=solutions $(B)/programs/solutions/$(ASSIGNMENT) $(S)/programs/solutions/$(ASSIGNMENT))
	@B=$(B) bench/calibration $(ASSIGNMENT) $(ROUNDS)
# END INSTRUCTOR
