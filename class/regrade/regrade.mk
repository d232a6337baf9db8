# Is a grade what the same work gets now?

#: ID=name        of the student whose work make regrade grades once more; all: everybody's. ACCEPT=1: the new grade takes the old one's place
ID     ?=
ACCEPT ?=

# What has to be built: the assignments of the class.
REGRADED = $(or $(if $(filter ASSIGNMENT,$(given) $(inherited)),$(ASSIGNMENT)),$(filter $(notdir $(wildcard assignments/*)),\
             $(shell jq -r '.assignments[]' $(call quoted,$(OUT)/class.json) 2> /dev/null)),$(CLASS_ASSIGNMENTS))
.PHONY: regrade
regrade: data ## (instructor) grade a student's work once more and say what differs, and why: ID=name OUT=folder
	@$(if $(ID),,echo "make regrade: whose work? ID=name, as in the folder students/ of OUT; ID=all: everybody's" >&2; exit 2)
	+@$(call built,class-parts ASSIGNMENTS='$(REGRADED)')
	@$(CLASS) regrade --out=$(call quoted,$(OUT)) --kit=. --build-folder=$(B) $(if $(filter all,$(ID)),--all,--student=$(call quoted,$(ID))) \
	  $(if $(filter ASSIGNMENT,$(given) $(inherited)),--assignment=$(ASSIGNMENT)) $(if $(ACCEPT),--accept) $(if $(YEAR),--year='$(YEAR)') || [ $$? = 3 ]
