# Grades for other systems, feedback for students: make exports.

#: FORMAT=name  of make exports: canvas, moodle, gradescope, autolab, prairielearn, junit, feedback (all that need no roster)
#: COLUMN=heading  that make exports fills in Canvas' grade book; PUBLISHED=1: students may see what is shown then
FORMAT    ?=
COLUMN    ?=
PUBLISHED ?=
export_option = $(if $($(1)),--$(2)=$(call quoted,$($(1))))

.PHONY: exports
exports: ## (instructor) grades for other systems and feedback for students, of what lies in OUT=folder
	@$(if $(OUT),,echo "make exports: which class? OUT=folder, as given to make class" >&2; exit 2)
	+@$(call built,$(CLASS))
	@$(B)/class/class export --out $(call quoted,$(OUT)) $(call export_option,FORMAT,format) $(call export_option,ROSTER,roster) \
	  $(call export_option,COLUMN,column) $(if $(filter ASSIGNMENT,$(given) $(inherited)),$(call export_option,ASSIGNMENT,assignment)) \
	  $(if $(PUBLISHED),--published)
