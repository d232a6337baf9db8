# For those who work on the kit.

.PHONY: everything house levels bench bench-layers bench-products bench-bfloat16 bench-grade mpi4py-suite lint format \
        compile_commands.json
everything: $(HOUSE) $(DEVICES) $(GRADER) $(HANDIN) $(PLAN) $(TABLE_PROGRAMS) $(MUTANTS) $(PROGRAM) $(TESTS) $(TEST_PROGRAMS) \
            $(B)/bench/bench $(B)/bench/bench_gpu $(B)/bench/bench_layers $(B)/bench/products $(B)/bench/products_bfloat16 $(B)/bench/overlap \
            $(call objects,$(wildcard common/tests/fuzz/*.c tests/fuzz/*.c)) $(call SIMULATED,$(SIMULATOR_PROGRAM) $(SIMULATOR_TEST_PROGRAMS))

house: $(HOUSE)
levels: ## draw which folder uses which: docs/pictures/levels.svg
	+@$(call built,house)
	@command -v dot > /dev/null || { echo "make levels needs graphviz: tools/setup --developer" >&2; exit 1; }
	@B=$(B) tools/levels && B=$(B) tools/levels --dot > docs/levels.dot
	@dot -Tsvg docs/levels.dot -o docs/pictures/levels.svg

# On a GPU beside PyTorch on the same one; emulated: all of it runs, and its times mean nothing.
#: DEVICE=cuda  of make bench, too
bench: ## time one training step of each model, beside PyTorch where it is installed
	+@$(call built,$(if $(GPU),$(B)/bench/bench_gpu $(DEVICE_LIBRARY) $(BENCH_CUBLAS),$(B)/bench/bench))
	@tools/with_args $(ARGS_WORD) $(if $(GPU),$(B)/bench/bench_gpu $(DEVICE_OPTION),$(B)/bench/bench) ARGS
BENCH_PARTS := $(call objects,bench/cells.c bench/cells_turns.c bench/pytorch.c bench/timing.c bench/training.c)
$(B)/bench/bench_gpu: $(call objects,bench/bench_gpu.c bench/gpu_table.c) $(BENCH_PARTS) $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) $^ $(PROGRAM_LIBS) -o $@
# cuBLAS by itself.
BENCH_CUBLAS := $(if $(and $(filter cuda,$(GPU)),$(CUDA_LIBRARY)),$(B)/bench/products_cublas)
$(B)/bench/products_cublas: $(B)/cuda/bench/products_cublas.o
	@mkdir -p $(@D)
	$(say)$(CXX) $< $(CUBLAS) $(CUDART) -ldl -lpthread -lrt -Wl,--disable-new-dtags -Wl,-rpath,$(patsubst %/,%,$(dir $(CUBLAS))) -o $@

.PHONY: gpu-check gpu-pack
gpu-check: ## on a machine with a GPU: builds, tests, trains, grades and measures there, in 8 minutes (docs/gpu.md)
	@tools/with_args $(ARGS_WORD) tools/gpu_check ARGS
gpu-pack: ## pack what make gpu-check needs and a bare machine with a GPU lacks
	@tools/gpu_pack

bench-layers: ## time each layer forward and backward, beside PyTorch where it is installed
	+@$(call built,$(B)/bench/bench_layers)
	@tools/with_args $(ARGS_WORD) $(B)/bench/bench_layers ARGS
$(B)/bench/bench $(B)/bench/bench_layers: $(B)/bench/%: $(B)/bench/%.o $(BENCH_PARTS) $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) $(if $(filter bench,$*),-Wl$(comma)--wrap=cpu_matrix_product) $^ $(PROGRAM_LIBS) -o $@

bench-products: ## time matrix products with few rows, beside OpenBLAS, oneDNN and LIBXSMM where they are installed
	+@$(call built,$(B)/bench/products $(if $(LIBXSMM),$(B)/bench/libxsmm.so))
	@$(B)/bench/products
bench-bfloat16: ## time the products of linear layers in bfloat16, by dot products of pairs and in float32
	+@$(call built,$(B)/bench/products_bfloat16)
	@$(B)/bench/products_bfloat16
$(B)/bench/products_bfloat16: bench/products_bfloat16.c $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) $(WARNINGS) $(PROGRAM_CFLAGS) $^ $(PROGRAM_LIBS) -o $@
$(B)/bench/products: bench/products.c $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) -march=native $(WARNINGS) $(PROGRAM_CFLAGS) -DBENCH_FOLDER='"$(B)/bench"' $^ $(PROGRAM_LIBS) -o $@
# Debian has LIBXSMM only as an archive.
LIBXSMM := $(wildcard /usr/lib/libxsmm.a)
$(B)/bench/libxsmm.so: $(LIBXSMM)
	@mkdir -p $(@D)
	$(say)$(CC) -shared -Wl,--whole-archive $< -Wl,--no-whole-archive $(PROGRAM_LIBS) -o $@

bench-grade: data ## what a grade costs, in seconds by the clock and of the processor
	+@$(call built,$(GRADING))
	@B=$(B) tools/with_args $(ARGS_WORD) bench/grade $(ASSIGNMENT) ARGS

# The wrappers of MPI as a library that is loaded before MPI's own: for programs that know nothing of the kit.
PRELOAD         := $(B)/preload/libmpi_log.so
PRELOAD_SOURCES := $(wildcard common/base/*.c common/log/*.c common/mpi/*.c common/*/machines/real.c) tests/preload/open_log.c
$(B)/preload/%.o: %.c build/config.mk
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) -fPIC $(WARNINGS) $(PROGRAM_CFLAGS) -MMD -MP -c $< -o $@
$(PRELOAD): $(PRELOAD_SOURCES:%.c=$(B)/preload/%.o)
	$(say)$(CC) $(FLAGS) -shared -Wl,-Bsymbolic $^ $(PROGRAM_LIBS) -o $@
$(B)/preload/list_calls: $(call objects,tests/preload/list_calls.c) $(COMMON_LIBRARY)
	@mkdir -p $(@D)
	$(say)$(CC) $(FLAGS) $^ $(PROGRAM_LIBS) -o $@
mpi4py-suite: ## do the wrappers of MPI change a program? mpi4py's own tests, with and without them
	+@$(call built,$(PRELOAD) $(B)/preload/list_calls)
	@tools/mpi4py_suite $(PRELOAD) $(B)/preload/list_calls build/mpi4py

format: ## format the C files, and those in CUDA and C++
	@git ls-files --cached --others --exclude-standard '*.c' '*.h' '*.cu' '*.cpp' | xargs -r ls -d 2> /dev/null | xargs -r clang-format -i

lint: ## compiler warnings, clang-format, cppcheck, shellcheck, levels, rubrics, hand-outs, skeleton, words
	+@$(call built,$(GRADER))
	@B=$(B) tools/lint

compile_commands.json: ## for editors
	@$(MAKE) --no-print-directory -Bn everything 2>/dev/null | tools/compile_commands > $@
