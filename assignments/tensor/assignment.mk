# What only the tensor assignment has.

#: TENSOR=number  ranks that share each layer, for make plan
TENSOR ?=
ifeq ($(ASSIGNMENT),tensor)
PLAN_DEGREES = --tensor "$(TENSOR)"
endif

.PHONY: tensor-pictures
tensor-pictures: ## draw the pictures of the tensor assignment's chapter
	@assignments/tensor/tools/draw_pictures
