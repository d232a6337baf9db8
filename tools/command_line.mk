# What is given on make's command line, or under one of these names in the environment, is text: neither make
# nor a shell takes any part of it for a command. Read before all else. A recipe that hands such text on
# writes $(call quoted,$(NAME)); ARGS goes through tools/with_args.

# These decide what make itself does; an assignment adds its own in its assignment.mk.
COMMAND_LINE := SUBMISSION ASSIGNMENT CHECK OUT SEED ARGS PLATFORM CURVE NP MODEL RANKS MICRO_BATCHES BATCH DATA \
  MACHINE DEVICE HOSTS COURSE TEST SANITIZE SYNCHRONOUS MEMORY CSV FUZZ FUZZ_SECONDS FUZZ_EVERY ROUNDS KILLS EVERY YEARS CALIBRATION_SECONDS B V CC \
  SIMULATOR_CC NVCC CUBLAS CUDA BROWSER CUDA_HOME CUDA_ARCHITECTURES \
  BUILD_LOCKED TEST_OPTIMIZATION
# So do these, where they are given to make: in the environment, names that are as usual mean something else.
GIVEN_ALONE := CASE YEAR SUBMISSIONS ASSIGNMENTS JOBS ENGINE NEIGHBOURS SIZE ID POLICY EXTENSIONS ROSTER EARLIER FORMAT COLUMN \
  PUBLISHED REVIEWER ACCEPT
# These are read by what make starts, and may as well be given to make.
FOR_PROGRAMS := GRADER_% REQUIRE_ISOLATION PROGRESS REACH_SECONDS %_DIR TEXT_FILE PYTHON ONLY TMPDIR LANG LC_% OMP_% OPENBLAS_% OMPI_% \
  EMULATED_% CUDA_VISIBLE_DEVICES CUDA_DEVICE_ORDER CUDA_MPS_% \
  PATH HOME LD_LIBRARY_PATH PKG_CONFIG_PATH DATASETS_FOLDER DEBIAN_DATASETS PMIX_% PRTE_% HWLOC_% ASAN_% UBSAN_% SMPI_% MPI_LOG_FOLDER

comma  := ,
empty  :=
blank  := $(empty) $(empty)
tab    := $(empty)	$(empty)
define line_break


endef

# Text as one word of the shell.
quoted    = '$(subst ','\'',$(1))'
ARGS_WORD = $(call quoted,$(ARGS))

# What is left of $(1) without the characters $(2); blanks are shown as ?, since $(if) would not see them.
digits      := 0 1 2 3 4 5 6 7 8 9
plain_signs := a b c d e f g h i j k l m n o p q r s t u v w x y z A B C D E F G H I J K L M N O P Q R S T U V W X Y Z \
               $(digits) _ . -
without  = $(if $(2),$(call without,$(subst $(firstword $(2)),,$(1)),$(wordlist 2,$(words $(2)),$(2))),$(1))
odd_in   = $(call without,$(subst $(blank),?,$(subst $(tab),?,$(1))),$(2))

given := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
$(foreach name,$(given),$(if $(call odd_in,$(name),$(plain_signs)),$(error there is no variable "$(name)"; make help lists them)))
$(foreach name,$(filter-out $(given),$(GIVEN_ALONE)),$(eval undefine $(name)))
inherited := $(foreach name,$(COMMAND_LINE),$(if $(filter environment,$(firstword $(origin $(name)))),$(name)))
# Of a simple variable the value is what it is; what was given is recursive, and would be looked at again and again.
$(foreach name,$(given),$(eval override $(name) := $$(value $(name))))
$(foreach name,$(inherited),$(eval $(name) := $$(value $(name))))
$(foreach name,$(given),$(eval export $(name)))
$(foreach name,$(given) $(inherited),$(if $(findstring $(line_break),$($(name))),\
  $(error $(name) has a line break in it, and make reads line by line: rename what it names)))

# $(1): names. Those that are not empty have to be made of the characters $(2); $(3) says it in words.
made_of = $(foreach name,$(1),$(if $(call odd_in,$($(name)),$(2)),$(error $(name)="$($(name))": $(3))))
$(call made_of,NP SEED YEAR RANKS MICRO_BATCHES BATCH JOBS FUZZ_SECONDS FUZZ_EVERY ROUNDS KILLS EVERY YEARS CALIBRATION_SECONDS,$(digits),must be a whole number)
$(call made_of,CASE,$(digits) -,must be numbers with - between them$(comma) as a report gives them)
# No rank at all, however it is written.
$(if $(call odd_in,$(NP),0),,$(if $(NP),$(error NP="$(NP)": must be a whole number from 1: that many ranks run)))
$(call made_of,$(filter TEST_OPTIMIZATION,$(given)),$(plain_signs),must be an option of the compiler)
$(call made_of,$(filter B,$(given)),$(plain_signs) /,must be a folder of letters$(comma) digits and the characters _ . - /)
$(call made_of,CUDA_ARCHITECTURES,$(plain_signs) $(comma),must be GPUs as nvcc names them: sm_90 or all-major)
$(call made_of,$(filter NVCC CUBLAS CUDA_HOME,$(given)),$(plain_signs) / +,must be a path of letters$(comma) digits and the characters _ . - / +)
$(call made_of,CC SIMULATOR_CC,$(plain_signs) / + = $(comma) : ?,must be a compiler and its options)
$(call made_of,ASSIGNMENT,$(plain_signs),must be the name of one folder of assignments/$(comma) or all)
$(call made_of,COURSE ASSIGNMENTS,$(plain_signs) ? $(comma),must be names of folders of assignments/)
$(if $(MAKECMDGOALS),$(if $(call odd_in,$(subst $(blank),,$(MAKECMDGOALS)),$(plain_signs) / = + : ~),\
  $(error make makes nothing of that name: $(MAKECMDGOALS); make help lists what it makes)))

# Behind all that adds to COMMAND_LINE.
unknown_are_told = $(foreach name,$(filter-out $(COMMAND_LINE) $(GIVEN_ALONE) $(FOR_PROGRAMS),$(given)),\
  $(error there is no variable "$(name)"; make help lists them))

# A goal that is no file and stands before no colon.
known_goals            = $(shell sed -nE 's/^([a-z][A-Za-z0-9_. -]*):([^=].*)?$$/\1/p' $(filter-out %.d,$(MAKEFILE_LIST)))
unknown_goals_are_told = $(foreach goal,$(foreach name,$(MAKECMDGOALS),$(if $(findstring /,$(name)),,$(name))),\
  $(if $(or $(wildcard $(goal)),$(filter $(goal),$(known_goals))),,$(error make makes no "$(goal)"; make help lists what it makes)))
