/*
 * One message between neighbouring stages. (Q7)
 */
#include "assignments/pipeline/pipeline.h"

/* BEGIN SOLUTION */
/* The tag says what a message is: for which stage, of which micro-batch, and whether it goes
 * forward or backward. Both sides know all three. */
static int message_tag(const struct pipeline *pipeline, int receiver, int micro_batch, bool forward)
{
    return 2 * (micro_batch * pipeline->stages + receiver) + (forward ? 0 : 1);
}

/* END SOLUTION */
bool pipeline_communicate(struct pipeline *pipeline, enum pipeline_operation operation,
                          int micro_batch, struct tensor *tensor, MPI_Request *request)
{
    /* BEGIN SOLUTION */
    const bool receive = operation == RECV_FORWARD || operation == RECV_BACKWARD;
    const bool forward = operation == RECV_FORWARD || operation == SEND_FORWARD;
    const int stage = pipeline->stage_index;
    /* Forward messages come from the previous stage, backward messages go to it. */
    const int neighbour = receive == forward ? stage - 1 : stage + 1;

    *request = MPI_REQUEST_NULL;
    if (neighbour < 0 || neighbour >= pipeline->stages)
        return false;

    const int peer = neighbour % pipeline->ranks; /* with chunks, stages go round the ranks */
    const int tag = message_tag(pipeline, receive ? stage : neighbour, micro_batch, forward);
    if (receive)
        mpi_check(
            MPI_Irecv(tensor->data, tensor->count, MPI_FLOAT, peer, tag, pipeline->comm, request));
    else
        mpi_check(
            MPI_Isend(tensor->data, tensor->count, MPI_FLOAT, peer, tag, pipeline->comm, request));
    return true;
    /* END SOLUTION */
    //| /* TODO (Q7): start one message, without waiting for it.
    //|  *
    //|  *   RECV_FORWARD   receive x  from the previous stage   SEND_BACKWARD  send dx to it
    //|  *   RECV_BACKWARD  receive dy from the next stage       SEND_FORWARD   send y  to it
    //|  *
    //|  * Return true when a message was started; *request is then its request. Stage 0 has
    //|  * no previous stage and the last stage no next one: there, set *request to
    //|  * MPI_REQUEST_NULL, touch nothing else (tensor may be NULL) and return false.
    //|  *
    //|  * Given: tensor->data, tensor->count floats (MPI_FLOAT). This is stage
    //|  * pipeline->stage_index, which is the same as pipeline->rank: stage s is rank s of
    //|  * pipeline->comm. (With an interleaved schedule, later, there are more stages than
    //|  * ranks, and stage s is on rank s % ranks.)
    //|  * Hint: MPI_Isend and MPI_Irecv, each in mpi_check(…). Make a tag out of the micro-batch,
    //|  * the stage that a message is for and its direction, so that no receive can take another
    //|  * one's message; sender and receiver must come to the same tag.
    //|  * Check: make grade CHECK=pipeline_communicate
    //|  */
    //| todo("start one message", pipeline, operation, micro_batch, tensor, request);
}
