/*
 * Models of the kit, described as memory_per_rank takes them: each layer is run once, on the meta device, and what it
 * keeps is read from the accounting. Shared by the program and the judge, who runs the whole model besides.
 */
#ifndef ASSIGNMENTS_MEMORY_RUN_NUMBERS_H
#define ASSIGNMENTS_MEMORY_RUN_NUMBERS_H

#include "assignments/memory/memory_cases.h"
#include "common/training/stage.h"

/* Model and way of case `number` of MEMORY_OF_RUNS. */
void memory_run_case_make(uint64_t seed, int number, struct memory_case *one);
/* The model of such a case; to be freed by model_free. */
struct model *memory_run_model(const struct memory_case *one);

/* A few layers of it as a stage, on the meta device: with the way's format, micro-batches and their samples; as one in the middle of a
 * pipeline, so that images, too, come in that format. To be freed by stage_free. */
struct stage *run_stage_new(const struct model *model, int first, int layers,
                            const struct way *way);

/* Layer `layer` of a model, as it is in a format. */
struct layer_numbers run_numbers_of(const struct model *model, int layer,
                                    enum number_format format);

#endif
