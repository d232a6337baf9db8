# What the user's environment says to shells, compilers and MPI, and what make was told beside its goals:
# docs/environment.md.

# -p: bash takes neither BASH_ENV nor functions and settings from the environment.
.SHELLFLAGS := -p -c
unexport $(filter $(patsubst "%"$(comma),%,$(filter "%"$(comma),$(file < common/base/environment_names.h))),$(.VARIABLES))
export LC_ALL := C.UTF-8

ifneq ($(origin LD_SHOW_AUXV),undefined)
$(error LD_SHOW_AUXV is set, so every program prints what no other expects: unset LD_SHOW_AUXV)
endif
ifneq ($(MAKEFILES),)
$(error MAKEFILES is set ($(MAKEFILES)), so make reads other rules before those of the kit: unset MAKEFILES)
endif
# The letters among make's flags: of the command line, or of a MAKEFLAGS in the environment.
given_letters := $(filter-out --%,$(firstword -$(MAKEFLAGS)))
refuse_letter = $(if $(findstring $(1),$(given_letters)),$(error make -$(1) $(2): leave it out, or unset MAKEFLAGS))
$(call refuse_letter,e,lets the environment change the rules of the kit)
$(call refuse_letter,i,goes on after errors$(comma) with what was built before them)
$(call refuse_letter,t,only touches files: what is built would be taken for new)
