# Fuzzing: what comes from outside, and what judges are given, changed at random until something breaks.
# Everything is compiled a second time, by clang, with sanitizers and counters of branches.

F := $(B)/fuzz
#: FUZZ=name  what make fuzz tries: loaders (of files), texts, judges (on changed logs), growth (with a log's length),
#: sweep (each odd value in each field)
FUZZ         ?= loaders
ifneq ($(filter fuzz,$(MAKECMDGOALS)),)
ifneq ($(words $(FUZZ)) $(filter-out loaders texts judges growth sweep,$(FUZZ)),1 )
$(error FUZZ="$(FUZZ)": must be loaders, texts, judges, growth or sweep)
endif
endif
#: FUZZ_SECONDS=number  how long make fuzz goes on (60)
FUZZ_SECONDS ?= 60
#: FUZZ_EVERY=number  make fuzz FUZZ=sweep tries one in so many cases (101: minutes; 1: all 1.2 million, a day)
FUZZ_EVERY   ?= 101
FUZZ_FLAGS    = -std=gnu17 -D_GNU_SOURCE -gline-tables-only -O1 -I. -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_INCLUDES = $(PROGRAM_CFLAGS) $(GRADER_CFLAGS) -idirafter $(dir $(shell $(CC) -print-file-name=include/omp.h))
FUZZ_LIBS     = $(GRADER_LIBS) $(filter-out -fopenmp -fuse-ld=%,$(PROGRAM_LIBS)) -lgomp -lm
fuzz_objects  = $(patsubst %.c,$(F)/%.o,$(1))

$(F)/%.o: %.c build/config.mk
	@mkdir -p $(@D)
	$(say)clang $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -Wno-unknown-pragmas -Wno-pass-failed $(FUZZ_INCLUDES) -MMD -MP -c $< -o $@
# The arithmetic is gcc's own, and nothing of it depends on evidence: it is taken as it is.
FUZZ_AS_BUILT := common/kernels/% common/log/log_sketch.c
FUZZ_LIBRARY  := $(F)/libeverything.a
$(FUZZ_LIBRARY): $(call objects,$(filter $(FUZZ_AS_BUILT),$(COMMON_SOURCES))) \
                 $(call fuzz_objects,$(filter-out $(FUZZ_AS_BUILT),$(COMMON_SOURCES)) \
                   $(filter-out grader/main.c %/tests/%,$(wildcard grader/*.c grader/*/*.c)))
	@rm -f $@
	$(say)ar rcs $@ $^
FUZZERS := $(addprefix $(F)/,fuzz_loaders fuzz_texts fuzz_judges)
$(F)/fuzz_loaders $(F)/write_seeds: $(F)/%: $(F)/common/tests/fuzz/%.o $(FUZZ_LIBRARY)
$(F)/fuzz_texts: $(F)/tests/fuzz/fuzz_texts.o $(call fuzz_objects,$(judging_sources)) $(FUZZ_LIBRARY)
$(F)/fuzz_judges: $(call fuzz_objects,tests/fuzz/fuzz_judges.c tests/fuzz/judged_runs.c tests/fuzz/odd_values.c $(judging_sources)) $(FUZZ_LIBRARY)
$(FUZZERS) $(F)/write_seeds:
	$(say)clang $(FUZZ_FLAGS) $(if $(filter $(FUZZERS),$@),-fsanitize=fuzzer) $(filter %.o,$^) $(filter %.a,$^) $(FUZZ_LIBS) -o $@

# Programs without the fuzzer: which runs there are to judge, how time grows with a log, each odd value.
$(call objects,$(wildcard tests/fuzz/*.c)): OWN_FLAGS = $(GRADER_CFLAGS)
$(F)/list_runs $(F)/growth $(F)/sweep: $(F)/%: $(B)/tests/fuzz/%.o $(call objects,$(SWEPT)) $(JUDGING) $(GRADER_LIBRARY) $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(link_grader)

# What each starts from.
.PHONY: fuzz fuzz-seeds-loaders fuzz-seeds-texts fuzz-seeds-judges fuzz-seeds-growth fuzz-seeds-sweep
fuzz-seeds-loaders: $(F)/write_seeds
	@mkdir -p $(F)/seeds-loaders && $(F)/write_seeds $(F)/seeds-loaders
fuzz-seeds-texts:
	@tests/fuzz/write_text_seeds $(F)/seeds-texts
fuzz-seeds-judges fuzz-seeds-growth fuzz-seeds-sweep: $(F)/list_runs
	+@$(assignment_parts)
	@mkdir -p $(F)/seeds-judges && tests/fuzz/make_corpus $(B) $(F)/runs

fuzz: export FUZZ_RUNS = $(F)/runs
fuzz: export LSAN_OPTIONS = suppressions=tests/fuzz/leaks.txt
fuzz: data ## fuzz what FUZZ names for FUZZ_SECONDS (needs clang)
	@command -v clang > /dev/null || { echo "make fuzz needs clang: tools/setup --developer" >&2; exit 1; }
	+@$(call built,$(if $(filter growth sweep,$(FUZZ)),$(F)/$(FUZZ),$(F)/fuzz_$(FUZZ)) fuzz-seeds-$(FUZZ))
	@mkdir -p $(F)/corpus-$(FUZZ)
	@$(if $(filter growth,$(FUZZ)),$(F)/growth $(FUZZ_RUNS) odd && $(F)/growth $(FUZZ_RUNS), \
	  $(if $(filter sweep,$(FUZZ)),$(F)/sweep $(FUZZ_RUNS) $(FUZZ_EVERY), \
	  $(F)/fuzz_$(FUZZ) -max_total_time=$(FUZZ_SECONDS) -timeout=30 -rss_limit_mb=4096 -max_len=$(if $(filter judges,$(FUZZ)),330,8192) \
	  -len_control=0 -print_final_stats=1 -artifact_prefix=$(F)/finding-$(FUZZ)- $(F)/corpus-$(FUZZ) $(F)/seeds-$(FUZZ)))
-include $(shell [ ! -d $(F) ] || find $(F) -name '*.d')
