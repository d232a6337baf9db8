# What only the memory assignment has.

#: CONFIG=file  a DeepSpeed configuration: what it says stands before ARGS (train, simulate, timeline); of make plan
#:              MEMORY=80GiB it says BATCH, ZERO, PRECISION and OPTIMIZER; of make table one line more
COMMAND_LINE += CONFIG
CONFIG ?=
# Not of what these start: programs that have to be built.
ifneq ($(and $(CONFIG),$(filter train simulate timeline plan table,$(MAKECMDGOALS))),)
ifneq ($(ASSIGNMENT),memory)
$(error CONFIG is for ASSIGNMENT=memory: $(ASSIGNMENT) reads no DeepSpeed configuration)
endif
CONFIG_RANKS   := $(if $(filter plan table,$(MAKECMDGOALS)),$(or $(RANKS),4),$(NP))
CONFIG_OPTIONS := $(shell assignments/memory/tools/deepspeed_options $(call quoted,$(CONFIG)) $(call quoted,$(CONFIG_RANKS)))
$(if $(filter-out 0,$(.SHELLSTATUS)),$(error CONFIG=$(CONFIG) can't be used))
config_of = $(patsubst $(1)=%,%,$(filter $(1)=%,$(subst $(1) ,$(1)=,$(CONFIG_OPTIONS))))
override ARGS := $(CONFIG_OPTIONS) $(ARGS)
ifneq ($(filter table,$(MAKECMDGOALS)),)
override RANKS         := $(CONFIG_RANKS)
override BATCH         := $(or $(BATCH),$(call config_of,--batch))
override MICRO_BATCHES := $(or $(MICRO_BATCHES),$(call config_of,--micro-batches))
export CONFIGURED := $(CONFIG_OPTIONS)
endif
ifneq ($(filter plan,$(MAKECMDGOALS)),)
$(if $(MEMORY),,$(error make plan CONFIG=$(CONFIG): which ways fit is searched for: say MEMORY=80GiB, too))
override BATCH     := $(or $(BATCH),$(call config_of,--batch))
override ZERO      := $(or $(ZERO),$(call config_of,--zero),0)
override OPTIMIZER := $(or $(OPTIMIZER),$(call config_of,--optimizer))
override PRECISION := $(or $(PRECISION),$(if $(call config_of,--precision),sixteen-bits,float32))
endif
endif

#: PRECISION=sixteen-bits (or float32)  OPTIMIZER=adamw (or sgd)  of what make plan MEMORY=80GiB searches for
#: ZERO=any (or 0, 1, 2, 3)  the stage of ZeRO of all ways
#: FORMULAS=auto (or kit, published)  memory and time of a gpt as this kit's layers have them, or by published formulas
COMMAND_LINE += PRECISION OPTIMIZER FORMULAS ZERO
# Hybrids are simulated by the one's program, replicas by the other's.
SEARCH_RUNS    = data
SEARCH_BESIDE  = memory
SEARCH_CHOICES = $(if $(PRECISION),--precision $(call quoted,$(PRECISION))) \
  $(if $(OPTIMIZER),--optimizer $(call quoted,$(OPTIMIZER))) $(if $(FORMULAS),--formulas $(call quoted,$(FORMULAS))) \
  $(if $(ZERO),--zero $(call quoted,$(ZERO)))
PRECISION ?=
OPTIMIZER ?=
FORMULAS  ?=
ZERO      ?=
searched_for = $(if $(TENSOR),TENSOR) $(if $(CHUNKS),CHUNKS)
ifneq ($(MEMORY),)
ifneq ($(strip $(searched_for)),)
.PHONY: refuse-searched
plan: refuse-searched
refuse-searched:
	@echo "make plan: $(strip $(searched_for)): a search finds it; leave it or MEMORY out" >&2; exit 2
endif
else ifneq ($(PRECISION)$(OPTIMIZER)$(FORMULAS)$(ZERO),)
.PHONY: refuse-choices
plan: refuse-choices
refuse-choices:
	@echo "make plan: PRECISION, OPTIMIZER, ZERO and FORMULAS are those of a search: say MEMORY=80GiB, too" >&2; exit 2
endif

# BEGIN INSTRUCTOR
.PHONY: published-plans
published-plans: ## the configurations of a published table beside what the planner's search finds for them
	+@$(call built,$(PLAN))
	@B=$(B) assignments/memory/tools/published_plans $(call quoted,$(or $(MEMORY),80GiB))

.PHONY: memory-pictures
memory-pictures: ## draw the pictures of the memory assignment's chapter
	@assignments/memory/tools/draw_pictures
# END INSTRUCTOR

# make table runs the data assignment's solutions, too: they split a model.
TABLE_BESIDE_memory = data
