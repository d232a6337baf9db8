/*
 * Fingerprints: winnowing, as in S. Schleimer, D. S. Wilkerson, A. Aiken: Winnowing: Local Algorithms for Document
 * Fingerprinting, SIGMOD 2003. Each run of `gram` tokens has a number; of `window` numbers in a row the least is kept, of
 * equal ones the rightmost. So two programs that have gram + window - 1 tokens in a row in common have a fingerprint
 * in common, wherever the tokens stand.
 */
#ifndef CLASS_SIMILARITY_PRINTS_H
#define CLASS_SIMILARITY_PRINTS_H

#include "class/similarity/how.h"
#include "class/similarity/tokens.h"

#include <stdbool.h>

struct print {
    uint64_t hash;
    guint token; /* where its run begins */
};

#define PRINT(prints, i) (g_array_index(prints, struct print, i))

/* The number of a run that is none: it would go on in another file. */
#define NO_RUN UINT64_MAX

/* [i] of the run that begins with token i: as many as there are tokens; NO_RUN for the last ones of a file. Of uint64_t. */
GArray *prints_runs(const GArray *tokens, int gram);

/* Those that are kept of struct print; `skip`[i] (NULL: none) is left out as if it were not there. */
GArray *prints_winnow(const GArray *runs, const bool *skip, int window);

#endif
