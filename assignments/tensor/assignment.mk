# What only the tensor assignment has.

#: TENSOR=number  ranks that share each layer, for make plan
COMMAND_LINE += TENSOR PLATFORMS
TENSOR ?=
ifeq ($(ASSIGNMENT),tensor)
PLAN_DEGREES = --tensor $(call quoted,$(TENSOR))
else ifneq ($(TENSOR),)
.PHONY: refuse-tensor
plan: refuse-tensor
refuse-tensor:
	@echo "make plan: TENSOR is for ASSIGNMENT=tensor; $(ASSIGNMENT) has no such number" >&2; exit 2
endif

# BEGIN INSTRUCTOR
.PHONY: tensor-scaling
tensor-scaling: ## a published figure on tensor parallelism beside the planner's formula and the simulation
	+@$(call built,$(PLAN))
	+@$(call SIMULATED,$(call built,ASSIGNMENT=tensor SUBMISSION=solutions $(S)/programs/solutions/tensor))
	@B=$(B) assignments/tensor/tools/published_scaling $(call SIMULATED,simulate)

#: PLATFORMS="names"  those of make tensor-pays ("computer rack slow")
.PHONY: tensor-pays
tensor-pays: ## when tensor parallelism pays: speed-ups of models on the simulated clusters, and what a block keeps
	+@$(call built,$(PLAN))
	+@$(call SIMULATED,$(call built,ASSIGNMENT=tensor SUBMISSION=solutions $(S)/programs/solutions/tensor))
	@B=$(B) PLATFORMS=$(call quoted,$(PLATFORMS)) assignments/tensor/tools/when_it_pays

.PHONY: tensor-pictures
tensor-pictures: ## draw the pictures of the tensor assignment's chapter
	@assignments/tensor/tools/draw_pictures
# END INSTRUCTOR
