# What students get, and what graders of others' need.

#: OUT=folder ASSIGNMENTS="names" YEAR=2026  make release: where the students' kit goes, what is in it, and for which year
.PHONY: release
release: ## (instructor) the kit that students get, as a folder, a repository and an archive: OUT=folder
	@$(if $(OUT),,echo "make release OUT=folder: where shall it go?" >&2; exit 2)
	@ASSIGNMENTS=$(call quoted,$(NAMED_ASSIGNMENTS)) class/release/release $(call quoted,$(OUT)) $(call quoted,$(YEAR))

#: OUT=file.zip ASSIGNMENT=name POLICY=policy.cfg  make gradescope: with the secret that GRADER_SECRET names
SETTINGS := $(B)/class/gradescope-settings.json
.PHONY: gradescope
gradescope: ## (instructor) pack an autograder for Gradescope, with the course's secret: OUT=file.zip ASSIGNMENT=name
	@$(if $(OUT),,echo "make gradescope OUT=file.zip: where shall it go?" >&2; exit 2)
	+@$(call built,$(CLASS))
	@$(CLASS) gradescope $(if $(POLICY),--policy $(call quoted,$(POLICY))) > $(SETTINGS)
	@class/release/gradescope $(call quoted,$(OUT)) $(ASSIGNMENT) $(SETTINGS) $(call quoted,$(YEAR))

.PHONY: check-release
check-release: data ## (instructor) release all assignments, build from nothing, grade skeletons and solutions there: minutes
	@class/release/tests/check_release.sh

.PHONY: check-gradescope
check-gradescope: data ## (instructor) all that is tested of an autograder for Gradescope
	+@$(call built,$(CLASS) $(GRADING))
	@CHECK_GRADESCOPE=all class/release/tests/test_gradescope.sh
