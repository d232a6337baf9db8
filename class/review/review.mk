# A person reads written answers on a page of this computer, and gives points.

# Only as it is given to make: what else has a PORT in the environment does not mean this one.
COMMAND_LINE += PORT
#: REVIEWER=name  who reads in make review (the name of your account); settled: decides where reviewers differ
#: PORT=number    of 127.0.0.1, where make review serves its page (a free one)
REVIEWER ?=
$(call made_of,$(filter PORT,$(given)),$(digits),must be a whole number)

.PHONY: review review-merge check-review
review: ## (instructor) a page to read written answers of a class and give points: OUT=folder
	+@$(call built,$(CLASS))
	@exec tools/with_args $(ARGS_WORD) $(CLASS) review --out=$(call quoted,$(OUT)) --assignment=$(ASSIGNMENT) \
	  $(if $(REVIEWER),--reviewer=$(call quoted,$(REVIEWER))) $(if $(filter PORT,$(given)),--port=$(PORT)) ARGS

review-merge: ## (instructor) bring what all reviewers decided to the students, and list where they differ: OUT=folder
	+@$(call built,$(CLASS))
	@tools/with_args $(ARGS_WORD) $(CLASS) review-merge --out=$(call quoted,$(OUT)) \
	  $(if $(filter ASSIGNMENT,$(given) $(inherited)),--assignment=$(ASSIGNMENT)) ARGS

check-review: ## review answers in a real browser, by keys alone (make setup BROWSER=1)
	+@$(call built,$(CLASS))
	@class/review/tests/check_review.sh
