# What grading a class cost.

.PHONY: class-cost
class-cost: ## (instructor) what grading the class in OUT cost, and how long larger classes take on larger computers
	@$(if $(OUT),,echo "make class-cost: where is the class? OUT=folder, as in make class" >&2; exit 2)
	+@$(call built,$(CLASS))
	@$(CLASS) cost --out $(call quoted,$(OUT))
