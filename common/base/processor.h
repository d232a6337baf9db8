/*
 * Is this the processor that the kit was built for?
 *
 * Kernels are compiled for the processor that make runs on (-march=native). On an older one, which
 * has fewer instructions, they end in "Illegal instruction": in a container's image, in a home folder
 * that the nodes of a cluster share, in a virtual machine that moved. make builds them anew there
 * (build/processor); what is started without make says so.
 */
#ifndef COMMON_BASE_PROCESSOR_H
#define COMMON_BASE_PROCESSOR_H

#include <stdbool.h>

/* The extensions of the instruction set that kernels were compiled for: words, by the names of
 * __builtin_cpu_supports, each with a blank behind it. Data only: compiled with their flags. */
extern const char processor_built_for[];

/* Does this processor have all of these extensions? If not, what it lacks is in lacking, words with
 * commas, cut off where it does not fit. Names that the compiler does not know count as there. */
bool processor_has(const char *extensions, char *lacking, int size);

/* Ends the program with one sentence and exit status 1 if the processor lacks what kernels were
 * compiled for. To be called first of all; one process speaks for all ranks. */
void processor_must_fit(void);

/* Waits a while if another process should say what is wrong for all of them. */
void processor_let_first_speak(void);

#endif
