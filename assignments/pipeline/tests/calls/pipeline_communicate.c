/*
 * pipeline_communicate() in many right ways: the environment variable CALLS says by which of MPI's
 * calls messages are received ("receive-by-…"), sent ("send-by-…") or what all ranks do together once
 * in each step ("all-…"). What it does not name is done as in the solutions. test_calls.c runs them.
 *
 * A message is as long in every run of a program, and arrives complete, so that nothing here looks
 * at a status.
 */
#include "assignments/pipeline/pipeline.h"

#include "common/base/fatal.h"

#include <stdlib.h>
#include <string.h>

/* One message, as all ways get it. */
struct message {
    float *data;
    int count, peer, tag;
    MPI_Comm comm;
    MPI_Request *request;
};

#define RECEIVED(m) (m)->data, (m)->count, MPI_FLOAT, (m)->peer, (m)->tag, (m)->comm
#define SENT(m)     RECEIVED(m)

/* ---- receives: all wait until the message is there, where the others would wait next ------------- */

static void by_recv(const struct message *m)
{
    mpi_check(MPI_Recv(RECEIVED(m), MPI_STATUS_IGNORE));
}

static void by_probe(const struct message *m)
{
    MPI_Status status;
    mpi_check(MPI_Probe(m->peer, m->tag, m->comm, &status));
    by_recv(m);
}

static void by_probe_then_irecv(const struct message *m)
{
    mpi_check(MPI_Probe(MPI_ANY_SOURCE, m->tag, m->comm, MPI_STATUS_IGNORE));
    mpi_check(MPI_Irecv(RECEIVED(m), m->request));
}

static void by_iprobe(const struct message *m)
{
    for (int found = 0; !found;)
        mpi_check(MPI_Iprobe(m->peer, m->tag, m->comm, &found, MPI_STATUS_IGNORE));
    by_recv(m);
}

static void by_mprobe(const struct message *m)
{
    MPI_Message taken;
    mpi_check(MPI_Mprobe(m->peer, m->tag, m->comm, &taken, MPI_STATUS_IGNORE));
    mpi_check(MPI_Mrecv(m->data, m->count, MPI_FLOAT, &taken, MPI_STATUS_IGNORE));
}

static void by_improbe(const struct message *m)
{
    MPI_Message taken;
    for (int found = 0; !found;)
        mpi_check(MPI_Improbe(m->peer, m->tag, m->comm, &found, &taken, MPI_STATUS_IGNORE));
    mpi_check(MPI_Imrecv(m->data, m->count, MPI_FLOAT, &taken, m->request));
}

static void by_any_source(const struct message *m)
{
    mpi_check(
        MPI_Recv(m->data, m->count, MPI_FLOAT, MPI_ANY_SOURCE, m->tag, m->comm, MPI_STATUS_IGNORE));
}

static void by_sendrecv(const struct message *m)
{
    mpi_check(MPI_Sendrecv(NULL, 0, MPI_FLOAT, MPI_PROC_NULL, 0, RECEIVED(m), MPI_STATUS_IGNORE));
}

static void by_sendrecv_replace(const struct message *m)
{
    mpi_check(MPI_Sendrecv_replace(m->data, m->count, MPI_FLOAT, MPI_PROC_NULL, 0, m->peer, m->tag,
                                   m->comm, MPI_STATUS_IGNORE));
}

static void by_test(const struct message *m)
{
    mpi_check(MPI_Irecv(RECEIVED(m), m->request));
    for (int done = 0; !done;)
        mpi_check(MPI_Test(m->request, &done, MPI_STATUS_IGNORE));
}

static void by_testall(const struct message *m)
{
    mpi_check(MPI_Irecv(RECEIVED(m), m->request));
    for (int done = 0; !done;)
        mpi_check(MPI_Testall(1, m->request, &done, MPI_STATUSES_IGNORE));
}

static void by_testany(const struct message *m)
{
    mpi_check(MPI_Irecv(RECEIVED(m), m->request));
    for (int done = 0, which; !done;)
        mpi_check(MPI_Testany(1, m->request, &which, &done, MPI_STATUS_IGNORE));
}

static void by_testsome(const struct message *m)
{
    mpi_check(MPI_Irecv(RECEIVED(m), m->request));
    for (int done = 0, which; !done;)
        mpi_check(MPI_Testsome(1, m->request, &done, &which, MPI_STATUSES_IGNORE));
}

static void by_waitall(const struct message *m)
{
    mpi_check(MPI_Irecv(RECEIVED(m), m->request));
    mpi_check(MPI_Waitall(1, m->request, MPI_STATUSES_IGNORE));
}

static void by_waitany(const struct message *m)
{
    int which;
    mpi_check(MPI_Irecv(RECEIVED(m), m->request));
    mpi_check(MPI_Waitany(1, m->request, &which, MPI_STATUS_IGNORE));
}

static void by_waitsome(const struct message *m)
{
    int done, which;
    mpi_check(MPI_Irecv(RECEIVED(m), m->request));
    mpi_check(MPI_Waitsome(1, m->request, &done, &which, MPI_STATUSES_IGNORE));
}

static void by_start(const struct message *m)
{
    mpi_check(MPI_Recv_init(RECEIVED(m), m->request));
    mpi_check(MPI_Start(m->request));
    mpi_check(MPI_Wait(m->request, MPI_STATUS_IGNORE));
    mpi_check(MPI_Request_free(m->request));
}

static void by_startall(const struct message *m)
{
    mpi_check(MPI_Recv_init(RECEIVED(m), m->request));
    mpi_check(MPI_Startall(1, m->request));
    for (int done = 0; !done;)
        mpi_check(MPI_Test(m->request, &done, MPI_STATUS_IGNORE));
    mpi_check(MPI_Request_free(m->request));
}

/* Another receive, that nobody sends to, is given up first. */
static void by_cancel(const struct message *m)
{
    static MPI_Comm nobody = MPI_COMM_NULL;
    float never;
    if (nobody == MPI_COMM_NULL)
        mpi_check(MPI_Comm_dup(MPI_COMM_SELF, &nobody));
    mpi_check(MPI_Irecv(&never, 1, MPI_FLOAT, 0, 0, nobody, m->request));
    mpi_check(MPI_Cancel(m->request));
    mpi_check(MPI_Wait(m->request, MPI_STATUS_IGNORE));
    by_recv(m);
}

/* ---- sends: none waits ---------------------------------------------------------------------------- */

static void by_issend(const struct message *m)
{
    mpi_check(MPI_Issend(SENT(m), m->request));
}

/* The buffer is the program's from now on: MPI has its own. */
static void attach_buffer(void)
{
    enum { BYTES = 1 << 24 };
    static bool attached;
    if (!attached)
        mpi_check(MPI_Buffer_attach(malloc(BYTES), BYTES));
    attached = true;
}

static void by_bsend(const struct message *m)
{
    attach_buffer();
    mpi_check(MPI_Bsend(SENT(m)));
}

static void by_ibsend(const struct message *m)
{
    attach_buffer();
    mpi_check(MPI_Ibsend(SENT(m), m->request));
}

static void by_send_init(const struct message *m)
{
    mpi_check(MPI_Send_init(SENT(m), m->request));
    mpi_check(MPI_Start(m->request));
}

static void by_ssend_init(const struct message *m)
{
    mpi_check(MPI_Ssend_init(SENT(m), m->request));
    mpi_check(MPI_Startall(1, m->request));
}

/* A copy that stays to the end: the tensor itself will be freed as soon as nobody waits for it. */
static struct message copy_of(const struct message *m)
{
    struct message copy = *m;
    copy.data = malloc((size_t)m->count * sizeof *copy.data);
    if (copy.data == NULL)
        fatal("no memory for a copy");
    memcpy(copy.data, m->data, (size_t)m->count * sizeof *copy.data);
    return copy;
}

static void by_request_free(const struct message *m)
{
    const struct message copy = copy_of(m);
    mpi_check(MPI_Isend(SENT(&copy), m->request));
    mpi_check(MPI_Request_free(m->request));
}

static void by_request_free_of_issend(const struct message *m)
{
    const struct message copy = copy_of(m);
    mpi_check(MPI_Issend(SENT(&copy), m->request));
    mpi_check(MPI_Request_free(m->request));
}

static void by_request_free_of_started(const struct message *m)
{
    const struct message copy = copy_of(m);
    mpi_check(MPI_Send_init(SENT(&copy), m->request));
    mpi_check(MPI_Start(m->request));
    mpi_check(MPI_Request_free(m->request));
}

/* ---- requests that are started again in every step ------------------------------------------------ */

/* The request of this message, made in the first step, and its own buffer. */
static struct again {
    struct message message;
    MPI_Request request;
} * again(const struct message *m, bool receive)
{
    enum { MOST = 1024 };
    static struct again made[MOST][2];
    struct again *one = &made[m->tag % MOST][receive];
    if (one->message.data != NULL)
        return one;
    one->message = copy_of(m);
    if (receive)
        mpi_check(MPI_Recv_init(RECEIVED(&one->message), &one->request));
    else
        mpi_check(MPI_Send_init(SENT(&one->message), &one->request));
    return one;
}

static void by_restart(const struct message *m)
{
    struct again *one = again(m, true);
    mpi_check(MPI_Start(&one->request));
    mpi_check(MPI_Wait(&one->request, MPI_STATUS_IGNORE));
    memcpy(m->data, one->message.data, (size_t)m->count * sizeof *m->data);
}

static void by_send_restart(const struct message *m)
{
    struct again *one = again(m, false);
    memcpy(one->message.data, m->data, (size_t)m->count * sizeof *m->data);
    mpi_check(MPI_Start(&one->request));
    *m->request = one->request;
}

/* ---- together: where all others wait for the first stage's first forward anyway ------------------- */

enum { MOST_RANKS = 16 };
static int own = 1, others[MOST_RANKS];

static void barrier(MPI_Comm comm)
{
    mpi_check(MPI_Barrier(comm));
}

static void bcast(MPI_Comm comm)
{
    mpi_check(MPI_Bcast(&own, 1, MPI_INT, 0, comm));
}

static void reduce(MPI_Comm comm)
{
    mpi_check(MPI_Reduce(&own, others, 1, MPI_INT, MPI_SUM, 0, comm));
}

static void allreduce(MPI_Comm comm)
{
    mpi_check(MPI_Allreduce(&own, others, 1, MPI_INT, MPI_SUM, comm));
}

static void gather(MPI_Comm comm)
{
    mpi_check(MPI_Gather(&own, 1, MPI_INT, others, 1, MPI_INT, 0, comm));
}

static void scatter(MPI_Comm comm)
{
    mpi_check(MPI_Scatter(others, 1, MPI_INT, &own, 1, MPI_INT, 0, comm));
}

static void allgather(MPI_Comm comm)
{
    mpi_check(MPI_Allgather(&own, 1, MPI_INT, others, 1, MPI_INT, comm));
}

static void alltoall(MPI_Comm comm)
{
    int sent[MOST_RANKS] = {0};
    mpi_check(MPI_Alltoall(sent, 1, MPI_INT, others, 1, MPI_INT, comm));
}

static void scan(MPI_Comm comm)
{
    mpi_check(MPI_Scan(&own, others, 1, MPI_INT, MPI_SUM, comm));
}

static void ibarrier(MPI_Comm comm)
{
    MPI_Request request;
    mpi_check(MPI_Ibarrier(comm, &request));
    mpi_check(MPI_Wait(&request, MPI_STATUS_IGNORE));
}

static void ibarrier_tested(MPI_Comm comm)
{
    MPI_Request request;
    mpi_check(MPI_Ibarrier(comm, &request));
    for (int done = 0; !done;)
        mpi_check(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
}

static void ibcast(MPI_Comm comm)
{
    MPI_Request request;
    mpi_check(MPI_Ibcast(&own, 1, MPI_INT, 0, comm, &request));
    mpi_check(MPI_Wait(&request, MPI_STATUS_IGNORE));
}

static void iallreduce(MPI_Comm comm)
{
    MPI_Request request;
    mpi_check(MPI_Iallreduce(&own, others, 1, MPI_INT, MPI_SUM, comm, &request));
    mpi_check(MPI_Wait(&request, MPI_STATUS_IGNORE));
}

/* ---- which ---------------------------------------------------------------------------------------- */

static const struct way {
    const char *name;
    void (*receive)(const struct message *m);
    void (*send)(const struct message *m);
    void (*together)(MPI_Comm comm);
} ways[] = {
    {.name = "receive-by-recv", .receive = by_recv},
    {.name = "receive-by-probe", .receive = by_probe},
    {.name = "receive-by-probe-then-irecv", .receive = by_probe_then_irecv},
    {.name = "receive-by-iprobe", .receive = by_iprobe},
    {.name = "receive-by-mprobe", .receive = by_mprobe},
    {.name = "receive-by-improbe", .receive = by_improbe},
    {.name = "receive-by-any-source", .receive = by_any_source},
    {.name = "receive-by-sendrecv", .receive = by_sendrecv},
    {.name = "receive-by-sendrecv-replace", .receive = by_sendrecv_replace},
    {.name = "receive-by-test", .receive = by_test},
    {.name = "receive-by-testall", .receive = by_testall},
    {.name = "receive-by-testany", .receive = by_testany},
    {.name = "receive-by-testsome", .receive = by_testsome},
    {.name = "receive-by-waitall", .receive = by_waitall},
    {.name = "receive-by-waitany", .receive = by_waitany},
    {.name = "receive-by-waitsome", .receive = by_waitsome},
    {.name = "receive-by-start", .receive = by_start},
    {.name = "receive-by-startall", .receive = by_startall},
    {.name = "receive-by-restart", .receive = by_restart},
    {.name = "receive-by-cancel", .receive = by_cancel},
    {.name = "send-by-issend", .send = by_issend},
    {.name = "send-by-bsend", .send = by_bsend},
    {.name = "send-by-ibsend", .send = by_ibsend},
    {.name = "send-by-send-init", .send = by_send_init},
    {.name = "send-by-ssend-init", .send = by_ssend_init},
    {.name = "send-by-restart", .send = by_send_restart},
    {.name = "send-by-request-free", .send = by_request_free},
    {.name = "send-by-request-free-of-issend", .send = by_request_free_of_issend},
    {.name = "send-by-request-free-of-started", .send = by_request_free_of_started},
    {.name = "all-barrier", .together = barrier},
    {.name = "all-bcast", .together = bcast},
    {.name = "all-reduce", .together = reduce},
    {.name = "all-allreduce", .together = allreduce},
    {.name = "all-gather", .together = gather},
    {.name = "all-scatter", .together = scatter},
    {.name = "all-allgather", .together = allgather},
    {.name = "all-alltoall", .together = alltoall},
    {.name = "all-scan", .together = scan},
    {.name = "all-ibarrier", .together = ibarrier},
    {.name = "all-ibarrier-tested", .together = ibarrier_tested},
    {.name = "all-ibcast", .together = ibcast},
    {.name = "all-iallreduce", .together = iallreduce},
};

static const struct way *the_way(void)
{
    const char *name = getenv("CALLS");
    for (size_t i = 0; name != NULL && i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(ways[i].name, name) == 0)
            return &ways[i];
    fatal("CALLS=%s: there is no such way", name == NULL ? "" : name);
}

/* Does every rank's step begin its messages with this one? */
static bool is_first(const struct pipeline *pipeline, enum pipeline_operation operation,
                     int micro_batch)
{
    return micro_batch == 0 && pipeline->stage_index < pipeline->ranks &&
           operation == (pipeline->stage_index == 0 ? SEND_FORWARD : RECV_FORWARD);
}

bool pipeline_communicate(struct pipeline *pipeline, enum pipeline_operation operation,
                          int micro_batch, struct tensor *tensor, MPI_Request *request)
{
    const struct way *way = the_way();
    const bool receive = operation == RECV_FORWARD || operation == RECV_BACKWARD;
    const bool forward = operation == RECV_FORWARD || operation == SEND_FORWARD;
    const int stage = pipeline->stage_index, neighbour = receive == forward ? stage - 1 : stage + 1;
    *request = MPI_REQUEST_NULL;
    if (way->together != NULL && is_first(pipeline, operation, micro_batch))
        way->together(pipeline->comm);
    if (neighbour < 0 || neighbour >= pipeline->stages)
        return false;
    const int receiver = receive ? stage : neighbour;
    const struct message message = {.data = tensor_floats(tensor),
                                    .count = (int)tensor->count,
                                    .peer = neighbour % pipeline->ranks,
                                    .tag = 2 * (micro_batch * pipeline->stages + receiver) +
                                           (forward ? 0 : 1),
                                    .comm = pipeline->comm,
                                    .request = request};
    if (receive && way->receive != NULL)
        way->receive(&message);
    else if (receive)
        mpi_check(MPI_Irecv(RECEIVED(&message), request));
    else if (way->send != NULL)
        way->send(&message);
    else
        mpi_check(MPI_Isend(SENT(&message), request));
    return true;
}
