/* The judges of mixed precision and loss scaling; each file says what it judges. */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_MIXED_MIXED_H
#define ASSIGNMENTS_MEMORY_JUDGES_MIXED_MIXED_H

#include "grader/verdict/judge.h"

judge_function memory_judge_mixed_precision, memory_judge_mixed_training, memory_judge_loss_scaling,
    memory_judge_clip_scaled;

#endif
