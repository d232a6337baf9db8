#include "assignments/pipeline/pipeline.h"

bool pipeline_communicate(struct pipeline *p, enum pipeline_operation op, int micro_batch,
                          struct tensor *t, MPI_Request *req)
{
    int s = p->stage_index;
    *req = MPI_REQUEST_NULL;
    switch (op) {
    case RECV_FORWARD:
        if (s == 0)
            return false;
        mpi_check(MPI_Irecv(t->data, t->count, MPI_FLOAT, (s - 1) % p->ranks,
                            4 * (micro_batch * p->stages + s), p->comm, req));
        break;
    case SEND_FORWARD:
        if (s == p->stages - 1)
            return false;
        mpi_check(MPI_Isend(t->data, t->count, MPI_FLOAT, (s + 1) % p->ranks,
                            4 * (micro_batch * p->stages + s + 1), p->comm, req));
        break;
    case RECV_BACKWARD:
        if (s == p->stages - 1)
            return false;
        mpi_check(MPI_Irecv(t->data, t->count, MPI_FLOAT, (s + 1) % p->ranks,
                            4 * (micro_batch * p->stages + s) + 2, p->comm, req));
        break;
    case SEND_BACKWARD:
        if (s == 0)
            return false;
        mpi_check(MPI_Isend(t->data, t->count, MPI_FLOAT, (s - 1) % p->ranks,
                            4 * (micro_batch * p->stages + s - 1) + 2, p->comm, req));
        break;
    }
    return true;
}
