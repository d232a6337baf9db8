# Grades beside each other.

#: NEIGHBOURS=8 SIZE=20  grades at a time, and submissions, of make check-neighbours
NEIGHBOURS ?= 8
SIZE       ?= 20
.PHONY: check-neighbours
check-neighbours: data ## (instructor) do grades of ASSIGNMENT beside each other change no verdict? CHECK= makes it cheaper
	+@$(call built,$(GRADING))
	@class/engines/tests/check_neighbours.sh $(ASSIGNMENT) $(NEIGHBOURS) $(SIZE) $(call quoted,$(CHECK)) $(B)
