/*
 * What one rank says it sent must be what another says it got.
 */
#ifndef GRADER_EVIDENCE_MESSAGES_H
#define GRADER_EVIDENCE_MESSAGES_H

#include "grader/evidence/evidence.h"
#include "grader/trace/match.h"

/* Does every received message agree with its send, in size and fingerprint? If not, sets the
 * verdict. A receive that completed although nobody sent is a contradiction, too; a send that
 * nobody received is not. */
bool messages_agree(const struct matching *matching, struct verdict *verdict);

/* Was what is sent gone, or not the same any more, when its send completed? */
bool messages_changed_while_sent(const struct message *message);

/* The first message whose payload was gone, or not the same, when its send completed, or arrived
 * otherwise than it was sent; NO_MESSAGE if there is none. */
int messages_changed(const struct matching *matching);

/* The later message of the same sender whose payload was in this one's buffer when its send completed,
 * begun while this one was under way: one buffer was used for both. NO_MESSAGE: that is not shown. */
int messages_overwritten_by(const struct matching *matching, int index);

/* Was every message that was started also waited for? Without a wait nobody knows when a buffer may
 * be used: that it went well was luck. If not, sets the verdict. */
bool messages_waited_for(const struct outcome *run, const struct matching *matching,
                         struct verdict *verdict);

#endif
