# Questions for an oral examination: class/viva.

.PHONY: viva check-viva
viva: data ## (instructor) questions on a student's own program and trace, with answers: ID=name OUT=folder of the class
	@$(if $(and $(OUT),$(ID)),,echo "make viva: whose? ID=name OUT=folder of the class (and ASSIGNMENT=name, CHECK=names)" >&2; exit 2)
	+@$(call built,$(CLASS) $(GRADING))
	@$(CLASS) viva --out=$(call quoted,$(OUT)) --id=$(call quoted,$(ID)) --build-folder $(B) \
	  $(if $(filter ASSIGNMENT,$(given)),--assignment $(ASSIGNMENT)) $(if $(CHECK),--check=$(call quoted,$(CHECK))) $(if $(SEED),--seed $(SEED))

check-viva: data ## vivas of every assignment's solutions, and whether programs do what replay says: minutes
	+@$(call built,check-parts TEST=test_viva)
	@B=$(B) class/viva/tests/test_viva.sh --all
