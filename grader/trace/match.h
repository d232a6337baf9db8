/*
 * Matching: which receive took which send.
 *
 * From the logs of all ranks every send is paired with its receive by MPI's own
 * rules: same communicator, source, destination and tag, first sent first
 * received. What a wildcard stood for is taken from the record of the receive's
 * completion. A send without a receive, or a receive without a send, is listed
 * with its other half absent.
 *
 * Ranks are those of the run's communicator throughout, whichever one a message
 * was sent in. Messages to or from MPI_PROC_NULL do not appear.
 */
#ifndef GRADER_TRACE_MATCH_H
#define GRADER_TRACE_MATCH_H

#include "common/log/log_reader.h"

#define NO_RECORD  ((size_t)-1)
#define NO_MESSAGE (-1)

/* One half of a message, as the log of its own rank tells it. */
struct message_half {
    size_t posted;    /* index of the record that started it: the begin of the call, or the
                         LOG_SEND_PART/LOG_RECV_PART of a sendrecv or start; NO_RECORD: absent */
    size_t completed; /* index of the end of the blocking call, or of the LOG_COMPLETED;
                         NO_RECORD: it never completed, or nobody waited */
    uint64_t request; /* 0: a blocking call */
    uint64_t bytes;   /* a send's size; a receive's actual size or, until it completes, its room */
    /* XXH3 of the payload; 0: not known. Of a send: when it was started. Of a receive: when it
     * completed. */
    uint64_t fingerprint;
    uint64_t fingerprint_completed; /* a non-blocking send's buffer when its wait returned; a
                                       difference means that it was changed too early */
    bool gone; /* a non-blocking send's buffer was no longer there when its wait returned */
    int step;  /* training step in which it was posted; -1: outside of one */
};

struct message {
    int source; /* LOG_ANY_SOURCE in a wildcard receive that never completed */
    int destination;
    int tag; /* may be LOG_ANY_TAG in such a receive */
    uint64_t communicator;
    struct message_half send, receive;
};

struct matching {
    int count;
    struct message *message; /* by source and order of sending; receives without a send behind */
    int ranks;
    /* by_record[rank][record]: the message that this record posted, that a LOG_WAITING_FOR or
     * LOG_COMPLETED is about, or that the end of a probe found; else NO_MESSAGE. */
    int **by_record;
};

/* Never fails: logs that contradict each other give unmatched halves. logs[r] is rank r's.
 * The caller frees with matching_free. */
struct matching *matching_new(const struct log_file *logs, int ranks);
void matching_free(struct matching *matching);

#endif
