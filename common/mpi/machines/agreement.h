/*
 * What the members of a communicator must agree about when they call a collective: which one it is,
 * blocking or not, its root, and the sizes that have to be the same everywhere. Sizes that only two of
 * them must agree about are looked at where the message arrives (steps.h).
 */
#ifndef COMMON_MPI_MACHINES_AGREEMENT_H
#define COMMON_MPI_MACHINES_AGREEMENT_H

#include "common/mpi/machines/steps.h"

/* Where the call does not agree with that of who came first to this collective (call->line): it takes
 * part in nothing. Carried out, it waits until the others have gone as far as they can, and then ends the
 * run with a message that tells both. */
void agreement_check(struct collective *call);

#endif
