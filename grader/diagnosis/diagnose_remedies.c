/*
 * For the diagnosis: what to do about each kind of end, and what to look at next.
 */
#include "grader/diagnosis/diagnose_parts.h"

const char *diagnosis_remedy(enum diagnosis_kind kind)
{
    switch (kind) {
    case DIAGNOSIS_TRUNCATION:
        return "The receive's count or datatype is smaller than what is sent: give both sides the "
               "same, from the shape of the tensor that travels.";
    case DIAGNOSIS_COLLECTIVES_DIFFER:
        return "All ranks of a communicator must call the same collectives in the same order, with "
               "the same root, count, datatype and operation; a non-blocking one is another one.";
    case DIAGNOSIS_GROUPS_DIFFER:
        return "A collective is over when all ranks of its communicator have called it, with this "
               "communicator. Give it the same one on all ranks that are to take part; each of the "
               "groups that a communicator was split into has one of its own.";
    case DIAGNOSIS_CROSSWISE:
        return "Each is in a collective that the next one would call only later. Ranks that share "
               "several communicators must come to the collectives on all of them in one order, or "
               "start them without blocking and wait for them later. Or do two of them mean the "
               "same collective, with different communicators?";
    case DIAGNOSIS_THROUGH_WORLD:
        return "Give every MPI call the communicator that the function was given. This run was "
               "started with --reverse-ranks, so that the two differ: its rank 0 is the last "
               "process of `MPI_COMM_WORLD`. Where they number the ranks alike, the same mistake "
               "goes unnoticed.";
    case DIAGNOSIS_TAG_MISMATCH:
        return "A message is received only by a receive with its tag: compute the tag on both "
               "sides from the same things (who sends, to whom, and which of its messages).";
    case DIAGNOSIS_ASKED_TWICE:
        return "Every message is received once. Look at which call asks for it the second time, "
               "and "
               "which message it should ask for.";
    case DIAGNOSIS_SENT_TWICE:
        return "Look at which call sends the second one: what it should send, and with which tag.";
    case DIAGNOSIS_COMMUNICATOR_MISMATCH:
        return "A message stays in the communicator that it was sent in: use the same one on both "
               "sides.";
    case DIAGNOSIS_BOTH_SEND_FIRST:
        return "A send may wait until its receive has been posted, and so may the `MPI_Wait` for "
               "an "
               "`MPI_Isend`. Is there a receive for it at all? Then start the message with "
               "`MPI_Isend` and go on; wait for it only behind the receive. Until then its buffer "
               "must neither be changed nor freed.";
    case DIAGNOSIS_BOTH_RECEIVE_FIRST:
        return "Each waits for a message that the next would send only later. One of them must "
               "send first: look for the first rank that has all it needs to compute, and ask why "
               "it waits.";
    case DIAGNOSIS_CYCLE:
        return "Each waits for something that the next would do only later. Follow the arrows once "
               "round and ask at each rank which of its calls should come first.";
    case DIAGNOSIS_WINDOW_HELD:
        return "What one rank begins on a window it must end, before it waits for anything that "
               "needs the others: every `MPI_Win_lock` its `MPI_Win_unlock`, every `MPI_Win_start` "
               "its `MPI_Win_complete`; and for each `MPI_Win_start` there has to be an "
               "`MPI_Win_post` on the other side.";
    case DIAGNOSIS_COLLECTIVE_MISSING:
        return "A collective ends only when all ranks of its communicator have called it: it must "
               "not stand in a branch that some ranks skip, nor between point-to-point calls in a "
               "different order.";
    case DIAGNOSIS_UNKNOWN_REQUEST:
        return "Set every `MPI_Request` of the array before it is given to MPI: by the call that "
               "starts "
               "its message, or to `MPI_REQUEST_NULL` where there is none. Does the count say how "
               "many "
               "were started?";
    case DIAGNOSIS_REQUEST_NOT_WAITED:
        return "`MPI_Isend` and `MPI_Irecv` only start a message; MPI moves it on inside of MPI "
               "calls. Wait for every request (`MPI_Wait`, `MPI_Waitall`) before the code goes on "
               "to something that needs its message.";
    case DIAGNOSIS_RANK_GONE:
        return "One rank expects one message more than the other side knows of: count the sends "
               "and "
               "receives of each pair of ranks, and look at where loops begin and end, and at the "
               "ranks that differ from the others.";
    case DIAGNOSIS_ENDED_EARLY:
        return "Every rank must return from the step and let the driver end the program.";
    case DIAGNOSIS_POLLING:
        return "Its request can't complete: the message that it asks for is never sent, or never "
               "received. Find the call of the other side that should match.";
    case DIAGNOSIS_ENDLESS_LOOP:
        return "Look at the loops behind the last call or computation that the table shows: which "
               "condition never becomes false?";
    case DIAGNOSIS_SANITIZED:
        return "It ended the rank at its first mistake; what comes later in the run may follow "
               "from "
               "it.";
    case DIAGNOSIS_NONE:
    case DIAGNOSIS_CRASHED:
    case DIAGNOSIS_STOPPED_ITSELF:
        break;
    }
    return "";
}

const char *diagnosis_look(enum diagnosis_kind kind)
{
    switch (kind) {
    case DIAGNOSIS_CRASHED:
        return "the line where it crashed, and what is used there";
    case DIAGNOSIS_SANITIZED:
        return "the line that the sanitizer names, and the size of what is used there";
    case DIAGNOSIS_STOPPED_ITSELF:
        return "the message with which the program was ended, and the line that it names";
    case DIAGNOSIS_TRUNCATION:
        return "count and datatype on both sides of this message";
    case DIAGNOSIS_COLLECTIVES_DIFFER:
        return "the order in which each rank comes to its collectives";
    case DIAGNOSIS_GROUPS_DIFFER:
        return "the communicator that each rank gives to this collective";
    case DIAGNOSIS_CROSSWISE:
        return "the order in which these ranks come to the collectives of their groups";
    case DIAGNOSIS_TAG_MISMATCH:
        return "the tags of the two calls";
    case DIAGNOSIS_ASKED_TWICE:
        return "which message this call should ask for";
    case DIAGNOSIS_SENT_TWICE:
        return "which call sends the second message, and with which tag";
    case DIAGNOSIS_COMMUNICATOR_MISMATCH:
    case DIAGNOSIS_THROUGH_WORLD:
        return "the communicators of the two calls";
    case DIAGNOSIS_BOTH_SEND_FIRST:
        return "where these ranks wait for their sends: it has to be behind their receives";
    case DIAGNOSIS_BOTH_RECEIVE_FIRST:
    case DIAGNOSIS_CYCLE:
        return "the calls in which these ranks wait, once round the circle";
    case DIAGNOSIS_WINDOW_HELD:
        return "the call that ends what was begun on this window";
    case DIAGNOSIS_COLLECTIVE_MISSING:
        return "why one rank does not come to this collective";
    case DIAGNOSIS_UNKNOWN_REQUEST:
        return "where each request of this call is set";
    case DIAGNOSIS_REQUEST_NOT_WAITED:
        return "what becomes of this request behind the call that starts it";
    case DIAGNOSIS_RANK_GONE:
        return "how many messages each of the two ranks counts on";
    case DIAGNOSIS_ENDED_EARLY:
        return "where this rank leaves the program";
    case DIAGNOSIS_POLLING:
        return "the call on the other side that should match this request";
    case DIAGNOSIS_ENDLESS_LOOP:
        return "the loops behind this rank's last call or computation";
    case DIAGNOSIS_NONE:
        break;
    }
    return "";
}
