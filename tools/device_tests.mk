# Tests that hold on a GPU as on the processor (tests/support/tested_device.h), and those of the GPU's kernels alone. make
# check runs each of the first a second time, on the emulated GPU; make check-kernels in every order of threads, too.

kernel_tests   = $(foreach test,$(2),$(B)/tests/common/$(1)/tests/test_$(test))
DEVICE_TESTS  := $(call kernel_tests,kernels,bfloat16_product convert convolution matrix_products pooling) \
  $(call kernel_tests,layers,batch_norm borders dropout finite_differences images_differences images_pytorch layers_pytorch \
    norms_differences norms_pytorch operations operations_convolution operations_tokens precision precision_layers \
    precision_pytorch recomputed tokens_differences tokens_pytorch) \
  $(call kernel_tests,training,batch batch_losses custom_layer custom_layer_buffers custom_layer_tied loss_optimizer loss_tokens stage_borders \
    stage_cuts stage_log stage_memory stage_misuse stage_numbers stage_runs)
# These run their kernels in every order by themselves.
KERNEL_TESTS  := $(filter $(B)/tests/common/kernels/tests/test_device_%,$(TESTS))
# As tools/run_tests takes them: which device, and in which order its threads run.
on_device      = $(addprefix emulated:$(1):,$(2))
# Orders are shared out in make check: what is right in one and wrong in another is for make check-kernels.
DEVICE_CHECKS  = $(call on_device,shuffled,$(filter $(DEVICE_TESTS),$(WANTED_TESTS)))

THREAD_ORDERS := $(if $(SANITIZE),shuffled,forward reversed shuffled)
SANITIZED_TOO := $(if $(SANITIZE),,$(MAKE) --no-print-directory SANITIZE=1 check-kernels)
.PHONY: check-kernels
check-kernels: export ASAN_OPTIONS = detect_leaks=0
check-kernels: export B := $(B)
check-kernels: ## the emulated GPU's kernels and layers, in all orders of threads, and once with sanitizers: minutes
	+@$(call built,$(filter $(WANTED_TESTS),$(DEVICE_TESTS) $(KERNEL_TESTS)) $(EMULATED))
	@tools/run_tests $(filter $(WANTED_TESTS),$(KERNEL_TESTS)) \
	  $(foreach order,$(THREAD_ORDERS),$(call on_device,$(order),$(filter $(WANTED_TESTS),$(DEVICE_TESTS))))
	+@$(SANITIZED_TOO)
