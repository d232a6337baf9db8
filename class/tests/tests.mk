# What is long: a class of dishonest submissions.
.PHONY: check-hostile
check-hostile: data ## grade a class of hostile submissions and odd names: does each get what it deserves, and nobody else anything of it?
	+@$(call built,check-parts TEST=check-hostile)
	@class/tests/check_hostile.sh

.PHONY: check-class
check-class: data ## a class of 200, right, wrong, hostile and oddly packed, goes through everything: minutes
	+@$(call built,class-parts ASSIGNMENTS="example $(ASSIGNMENT)")
	@class/tests/check_class.sh 200 $(ASSIGNMENT) 10
