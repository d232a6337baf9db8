# Which programs of a class look alike: class/similarity.

.PHONY: similarity similarity-table
similarity: ## (instructor) which programs of a class look alike: OUT=folder of the class, EARLIER=folder of other programs
	@$(if $(OUT),,echo "make similarity: which class? OUT=folder (and ASSIGNMENT=name, EARLIER=folder)" >&2; exit 2)
	+@$(call built,$(CLASS))
	@$(CLASS) similarity --out=$(call quoted,$(OUT)) $(if $(filter ASSIGNMENT,$(given)),--assignment $(ASSIGNMENT)) \
	  $(if $(EARLIER),--earlier=$(call quoted,$(EARLIER)))

similarity-table: ## how many disguised copies are found, how many independent pairs taken for copies: minutes
	+@$(call built,$(CLASS))
	@class/similarity/tests/table
