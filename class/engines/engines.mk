# A class is graded: make class.

#: SUBMISSIONS=folder OUT=folder  what make class takes in, one folder or archive for each student, and where the class lies
#: ASSIGNMENTS="names"  of a class; JOBS=number of grades at the same time (cores; 100); ENGINE=local, or slurm
SUBMISSIONS ?=
ENGINE      ?= local
JOBS        ?=
POLICY      ?=
EXTENSIONS  ?=
ROSTER      ?=
CLASS_ASSIGNMENTS := $(or $(NAMED_ASSIGNMENTS),$(ASSIGNMENT))
# The whole kit once, before the first job: those build nothing but submissions.
class_parts = $(foreach name,$(CLASS_ASSIGNMENTS),$(MAKE) --no-print-directory ASSIGNMENT=$(name) grading-parts &&) true

.PHONY: class class-parts grading-parts
grading-parts: $(GRADING) $(CLASS)
class-parts:
	+@$(class_parts)

AT_ONCE      = $(or $(JOBS),$(if $(filter slurm,$(ENGINE)),100,$(CORES)))
class_option = $(if $($(1)),--$(2)=$(call quoted,$($(1))))
class: data ## (instructor) grade a whole class: SUBMISSIONS=folder OUT=folder, killed or not, it goes on
	@$(if $(SUBMISSIONS),,echo "make class: which submissions? SUBMISSIONS=folder, with one folder or archive for each student" >&2; exit 2)
	@$(if $(OUT),,echo "make class: where is the class to lie? OUT=folder; what is there of it already stays" >&2; exit 2)
	+@$(call built,class-parts ASSIGNMENTS='$(CLASS_ASSIGNMENTS)')
	@class/engines/grade_class $(call quoted,$(OUT)) $(call quoted,$(ENGINE)) $(AT_ONCE) $(B) '$(YEAR)' \
	  --kit . --submissions=$(call quoted,$(SUBMISSIONS)) --assignments='$(CLASS_ASSIGNMENTS)' \
	  $(call class_option,POLICY,policy) $(call class_option,EXTENSIONS,extensions) $(call class_option,ROSTER,roster)

.PHONY: check-class-slurm
check-class-slurm: data ## grade a small class under a Slurm of its own, with two nodes, where slurmctld is installed
	+@$(call built,grading-parts ASSIGNMENT=example)
	@class/engines/tests/check_slurm.sh

#: KILLS=number  of times that make check-class-kills kills the grading of a class (20)
.PHONY: check-class-kills
check-class-kills: data ## kill the grading of a class again and again: is anything lost, doubled or left?
	+@$(call built,grading-parts ASSIGNMENT=example)
	@KILLS=$(if $(filter KILLS,$(given)),$(KILLS),20) SIZE=12 COMPARE=1 class/engines/tests/test_kills.sh
