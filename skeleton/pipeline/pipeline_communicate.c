/*
 * One message between neighbouring stages. (Q7)
 */
#include "assignments/pipeline/pipeline.h"

bool pipeline_communicate(struct pipeline *pipeline, enum pipeline_operation operation,
                          int micro_batch, struct tensor *tensor, MPI_Request *request)
{
    /* TODO (Q7): start one message, without waiting for it.
     *
     *   RECV_FORWARD   receive x  from the previous stage   SEND_BACKWARD  send dx to it
     *   RECV_BACKWARD  receive dy from the next stage       SEND_FORWARD   send y  to it
     *
     * Return true when a message was started; *request is then its request. Stage 0 has
     * no previous stage and the last stage no next one: there, set *request to
     * MPI_REQUEST_NULL, touch nothing else (tensor may be NULL) and return false.
     *
     * Given: tensor->data, tensor->count floats (MPI_FLOAT). This is stage
     * pipeline->stage_index, which is the same as pipeline->rank: stage s is rank s of
     * pipeline->comm. (With an interleaved schedule, later, there are more stages than
     * ranks, and stage s is on rank s % ranks.)
     * Hint: MPI_Isend and MPI_Irecv, each in mpi_check(…). Make a tag out of the micro-batch,
     * the stage that a message is for and its direction, so that no receive can take another
     * one's message; sender and receiver must come to the same tag.
     * Check: make grade CHECK=pipeline_communicate
     */
    todo("start one message", pipeline, operation, micro_batch, tensor, request);
}
