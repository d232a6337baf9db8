# The libraries that know GPUs, which programs load when they are told to: build/devices (common/base/device.h).

# ---- for the processor: the emulated GPU -----------------------------------------------------------------------

DEVICE_SOURCES  := $(wildcard common/kernels/cuda/*.cu)
EMULATED        := $(B)/devices/emulated.so
EMULATED_FLAGS  := -std=gnu++20 -O2 -g -fno-omit-frame-pointer -fPIC -fvisibility=hidden $(SANITIZERS) -I. -Icommon/kernels/cuda/emulated
EMULATED_PARTS  := $(DEVICE_SOURCES:%.cu=$(B)/emulated/%.o) $(patsubst %.cpp,$(B)/emulated/%.o,$(wildcard common/kernels/cuda/emulated/*.cpp))
CXX             := g++ $(filter -Werror,$(CC))

# The same .cu files, for the processor.
$(B)/emulated/%.o: %.cu build/config.mk
	@mkdir -p $(@D)
	$(say)$(CXX) $(EMULATED_FLAGS) $(WARNINGS) $(PROGRAM_CFLAGS) -MMD -MP -x c++ -c $< -o $@
$(B)/emulated/%.o: %.cpp build/config.mk
	@mkdir -p $(@D)
	$(say)$(CXX) $(EMULATED_FLAGS) $(WARNINGS) $(PROGRAM_CFLAGS) -MMD -MP -c $< -o $@
$(EMULATED): $(EMULATED_PARTS)
	@mkdir -p $(@D)
	$(say)$(CXX) $(EMULATED_FLAGS) -shared -Wl,-Bsymbolic -Wl,--no-undefined $^ $(PROGRAM_LIBS) -o $@.new && mv $@.new $@

# BEGIN INSTRUCTOR
# The same with kernels for the emulation's own tests.
EMULATED_TESTS   := $(B)/devices/emulated-tests.so
$(EMULATED_TESTS): $(EMULATED_PARTS) $(patsubst %.cu,$(B)/emulated/%.o,$(wildcard common/kernels/tests/emulated/*.cu))
	@mkdir -p $(@D)
	$(say)$(CXX) $(EMULATED_FLAGS) -shared -Wl,-Bsymbolic -Wl,--no-undefined $^ $(PROGRAM_LIBS) -o $@.new && mv $@.new $@

# Wrong kernels: each has to fail a test. The tests load the library that lies beside them.
#: ONLY="no_barrier race"  make mutants-kernels: only these of tests/kernels/mutants.txt
KERNEL_TESTS     := $(patsubst %.c,$(B)/tests/%,$(wildcard common/kernels/tests/test_device_*.c))
.PHONY: mutants-kernels
mutants-kernels: export EMULATED_COMPILE   = $(CXX) $(EMULATED_FLAGS) -w -O1 $(PROGRAM_CFLAGS)
mutants-kernels: export EMULATED_OBJECTS   = $(EMULATED_PARTS)
mutants-kernels: export EMULATED_LINK      = $(CXX) $(EMULATED_FLAGS) -shared -Wl,-Bsymbolic -Wl,--no-undefined
mutants-kernels: export EMULATED_LIBRARIES = $(PROGRAM_LIBS)
mutants-kernels: ## is every wrong kernel of the GPU caught by the tests on the emulated one?
	+@$(call built,$(EMULATED) $(KERNEL_TESTS))
	@B=$(B) tests/kernels/mutants
# END INSTRUCTOR

# ---- and for a GPU, where there is nvcc ---------------------------------------------------------------------

#: NVCC=file  CUDA's compiler, where it is not in PATH, CUDA_HOME, /usr/local/cuda or what make setup CUDA=1 made
#: CUDA_ARCHITECTURES=sm_90  GPUs to compile for (all-major: those that this nvcc knows); native: that of this computer
CUDA_ENVIRONMENT := build/cuda-env
# A library of the toolkit that a compiler belongs to lies with it, or where the system has its libraries.
beside           = $(firstword $(wildcard $(patsubst %,%/$(2),$(foreach folder,lib64 lib targets/*/lib,\
                     $(patsubst %/bin/,%/$(folder),$(dir $(realpath $(1))))) /usr/lib/*-linux-gnu /usr/lib64)))
with_libraries   = $(foreach nvcc,$(1),$(if $(and $(call beside,$(nvcc),libcublas.so*),$(call beside,$(nvcc),libcudart_static.a)),$(nvcc)))
NVCC_HERE        := $(wildcard $(CUDA_HOME:%=%/bin/nvcc)) $(shell command -v nvcc) \
                      $(wildcard /usr/local/cuda/bin/nvcc $(CUDA_ENVIRONMENT)/lib/python3*/site-packages/nvidia/cu*/bin/nvcc)
NVCC             ?= $(firstword $(call with_libraries,$(NVCC_HERE)) $(NVCC_HERE))
NVCC             := $(NVCC)
CUDA_ARCHITECTURES ?= all-major
#: CUBLAS=file  libcublas.so, where it does not lie beside nvcc; its headers in include beside its folder
CUBLAS           ?= $(if $(NVCC),$(call beside,$(NVCC),libcublas.so*))
CUBLAS           := $(CUBLAS)
CUBLAS_HEADERS   := $(patsubst %/cublas_v2.h,-I%,$(wildcard $(patsubst %/,%,$(dir $(CUBLAS)))/../include/cublas_v2.h))
CUDART           := $(if $(NVCC),$(call beside,$(NVCC),libcudart_static.a))
CUDA_LIBRARY     := $(if $(and $(CUBLAS),$(CUDART)),$(B)/devices/cuda.so)
CUDA_PARTS       := $(DEVICE_SOURCES:%.cu=$(B)/cuda/%.o)
CUDA_FLAGS       := -std=c++20 -O3 -lineinfo -arch=$(CUDA_ARCHITECTURES) -Wno-deprecated-gpu-targets -I. $(CUBLAS_HEADERS)
CUDA_WARNINGS    := -Xcompiler=-fPIC,-fvisibility=hidden,-Wall,-Wextra,-Wshadow,-Wconversion,-Wno-sign-conversion $(if $(filter -Werror,$(CC)),-Werror all-warnings)
DEVICES          := $(EMULATED) $(CUDA_LIBRARY)
# What others build beside their own things: without a GPU to use it, cuda.so only takes its minutes.
DEVICES_HERE     := $(EMULATED) $(if $(wildcard /dev/nvidia0 /dev/dxg),$(if $(CUDA_LIBRARY),cuda-if-possible))

$(B)/cuda/%.o: %.cu build/config.mk build/cuda-choice
	@mkdir -p $(@D)
	$(say)$(NVCC) $(CUDA_FLAGS) $(CUDA_WARNINGS) -MMD -MP -c $< -o $@
# What it needs of cuBLAS is found where that lies now. (An rpath, not a runpath: cuBLAS needs a library beside it.) The
# driver's library is opened by its name: containers and Windows have it in a folder that the loader may not know.
$(B)/devices/cuda.so: $(CUDA_PARTS)
	@mkdir -p $(@D)
	$(say)$(CXX) -shared -Wl,-Bsymbolic -Wl,--disable-new-dtags -Wl,-rpath,$(patsubst %/,%,$(dir $(CUBLAS))) \
	  -Wl,-rpath,/usr/local/nvidia/lib64 -Wl,-rpath,/usr/lib/wsl/lib \
	  -Wl,--no-undefined $^ $(CUBLAS) $(CUDART) -ldl -lpthread -lrt \
	  -o $@.new && mv $@.new $@

# Another compiler, or other GPUs: all is compiled anew.
build/cuda-choice: FORCE
	@echo $(call quoted,$(NVCC) $(CUDA_ARCHITECTURES)) > $@.$$PPID
	@if cmp -s $@.$$PPID $@; then rm $@.$$PPID; else mv $@.$$PPID $@; fi

# ---- what DEVICE asks for ------------------------------------------------------------------------------------

# As an option of programs and of the grader, and its library. Where there is no nvcc, there is none
# to build: who needs it says so.
ifneq ($(words $(DEVICE)) $(filter cpu cuda emulated,$(DEVICE)),1 $(DEVICE))
$(error DEVICE="$(DEVICE)": must be cpu, cuda (a GPU) or emulated)
endif
GPU            := $(filter-out cpu,$(DEVICE))
DEVICE_OPTION  := $(GPU:%=--device %)
DEVICE_LIBRARY := $(if $(GPU),$(filter $(B)/devices/$(GPU).so,$(DEVICES)))
DEVICE_WORDS   := $(if $(GPU), and $(if $(filter emulated,$(GPU)),an emulated GPU,its GPU))
without_gpu     = $(if $(GPU),echo "$(1): the simulated cluster has no GPU: leave DEVICE=$(GPU) out" >&2; exit 2)

# Who times, draws or plans what it does without a GPU would leave DEVICE unheard.
WITHOUT_DEVICE := plan table curves calibrate gpu-check faults fuzz $(filter bench-%,$(MAKECMDGOALS))
$(foreach goal,$(if $(GPU),$(filter $(WITHOUT_DEVICE),$(MAKECMDGOALS))),$(error make $(goal) $(if $(filter gpu-check,$(goal)),takes its \
  device in ARGS="--device $(GPU)",knows no GPU): leave DEVICE=$(GPU) out))

# A compiler that does not like this computer's gcc must not keep anybody from the processor.
.PHONY: devices cuda-if-possible
cuda-if-possible:
	+@$(MAKE) -s --no-print-directory BUILD_LOCKED=1 $(CUDA_LIBRARY) || \
	  echo "make: nvcc can't build the GPU's library (above): --device cuda is refused until make devices can" >&2
devices: ## build the libraries of the GPU (where nvcc is) and of the emulated one
	+@$(call built,$(DEVICES))
	@$(if $(CUDA_LIBRARY),,echo "make devices: $(EMULATED) only: $(if $(NVCC),$(NVCC) is here$(comma) but no cuBLAS or no static CUDA \
	  runtime beside it,there is no nvcc here) (make setup CUDA=1 says what is missing)")
