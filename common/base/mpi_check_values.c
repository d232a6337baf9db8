/*
 * What was wrong with the values of an MPI call that failed: MPI itself only names
 * the kind of error.
 */
#include "common/base/mpi_check.h"

#include <stdio.h>
#include <string.h>

static struct mpi_check_values last[2];
static void (*explain_rank)(int rank, char *text, size_t size);

void mpi_check_values(int half, const struct mpi_check_values *values)
{
    last[half] = *values;
    if (half == 0)
        last[1] = (struct mpi_check_values){.comm = MPI_COMM_NULL};
}

MPI_Comm mpi_check_communicator(void)
{
    return last[0].comm == MPI_COMM_NULL ? MPI_COMM_WORLD : last[0].comm;
}

void mpi_check_set_rank_explanation(void (*explain)(int rank, char *text, size_t size))
{
    explain_rank = explain;
}

static void describe_rank(const struct mpi_check_values *values, char *text, size_t size)
{
    int between = 0, ranks;
    if (values->comm == MPI_COMM_NULL || values->peer == MPI_PROC_NULL ||
        PMPI_Comm_test_inter(values->comm, &between) != MPI_SUCCESS ||
        (between ? PMPI_Comm_remote_size(values->comm, &ranks)
                 : PMPI_Comm_size(values->comm, &ranks)) != MPI_SUCCESS ||
        (values->peer >= 0 && values->peer < ranks))
        return;
    snprintf(text, size, "there is no rank %d%s, the communicator has ranks 0 to %d", values->peer,
             values->peer == MPI_ANY_SOURCE ? " (which is MPI_ANY_SOURCE, for receives only)" : "",
             ranks - 1);
    if (explain_rank != NULL)
        explain_rank(values->peer, text + strlen(text), size - strlen(text));
}

static int largest_tag(void)
{
    int *largest, found;
    return PMPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, (void *)&largest, &found) ==
                       MPI_SUCCESS &&
                   found
               ? *largest
               : 32767; /* what MPI promises */
}

static void describe_tag(const struct mpi_check_values *values, char *text, size_t size)
{
    const int most = largest_tag();
    if (values->comm == MPI_COMM_NULL || (values->tag >= 0 && values->tag <= most))
        return;
    snprintf(text, size, "tag %d%s: tags are 0 to %d", values->tag,
             values->tag == MPI_ANY_TAG ? " (which is MPI_ANY_TAG, for receives only)" : "", most);
}

static void describe_buffer(const struct mpi_check_values *values, char *text, size_t size)
{
    if (values->buffer == NULL)
        snprintf(text, size, "the buffer is NULL");
    else if (values->buffer == values->into)
        snprintf(text, size,
                 "one buffer for what goes in and for what comes out: MPI_IN_PLACE says that");
}

/* Which of them it can be, MPI's class of errors says. */
static void describe(int class, const struct mpi_check_values *values, char *text, size_t size)
{
    switch (class) {
    case MPI_ERR_RANK:
    case MPI_ERR_ROOT:
        describe_rank(values, text, size);
        break;
    case MPI_ERR_TAG:
        describe_tag(values, text, size);
        break;
    case MPI_ERR_COUNT:
        if (values->count < 0)
            snprintf(text, size, "a count of %d", values->count);
        break;
    case MPI_ERR_BUFFER:
        if (values->comm != MPI_COMM_NULL)
            describe_buffer(values, text, size);
        break;
    case MPI_ERR_TYPE:
        snprintf(text, size, "MPI_DATATYPE_NULL, or a type without MPI_Type_commit");
        break;
    case MPI_ERR_COMM:
        snprintf(text, size, "MPI_COMM_NULL, or a communicator that was freed");
        break;
    case MPI_ERR_REQUEST:
        snprintf(text, size,
                 "no request of a call that was started, or a copy of one that has completed");
        break;
    case MPI_ERR_TRUNCATE:
        snprintf(text, size,
                 "a message is larger than the room of the receive that takes it: do both sides "
                 "count alike, and is it the message that was meant?");
        break;
    default:
        break;
    }
}

const char *mpi_check_explain(int code, char *text, size_t size)
{
    int class = MPI_SUCCESS;
    text[0] = '\0';
    if (PMPI_Error_class(code, &class) != MPI_SUCCESS)
        return text;
    for (int half = 0; half < 2 && text[0] == '\0'; half++)
        describe(class, &last[half], text, size);
    return text;
}
