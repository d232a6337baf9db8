/*
 * The judges of what lies in the host's memory; each one's file says what is run, what must hold and what a failure means.
 */
#ifndef ASSIGNMENTS_MEMORY_JUDGES_OFFLOAD_OFFLOAD_H
#define ASSIGNMENTS_MEMORY_JUDGES_OFFLOAD_OFFLOAD_H

#include "grader/verdict/judge.h"

judge_function memory_judge_offload; /* offload.c */

#endif
