/*
 * What was wrong with the values of an MPI call that failed: MPI itself only names
 * the kind of error.
 */
#include "common/base/mpi_check.h"

#include <stdio.h>
#include <string.h>

static struct mpi_check_values last[2];
static const char *doubtful_request;
static void (*explain_rank)(int rank, char *text, size_t size);

void mpi_check_values(int half, const struct mpi_check_values *values)
{
    last[half] = *values;
    if (half == 0)
        last[1] = (struct mpi_check_values){.comm = MPI_COMM_NULL};
}

void mpi_check_request(const char *doubt)
{
    doubtful_request = doubt;
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

#define LEAST_LARGEST_TAG 32767 /* every MPI takes it */

static int largest_tag(void)
{
    int *largest, found;
    return PMPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, (void *)&largest, &found) ==
                       MPI_SUCCESS &&
                   found
               ? *largest
               : LEAST_LARGEST_TAG;
}

/* Far below 0, it is no mistaken constant, and what was meant was above. */
static const char *why_negative(int tag)
{
    if (tag == MPI_ANY_TAG)
        return " (it is MPI_ANY_TAG, for receives only)";
    if (tag < -LEAST_LARGEST_TAG)
        return "; a negative tag of this size comes of a calculation whose result is too large "
               "for an int (above 2147483647), such as micro_batch << 24";
    return "; a negative tag is never allowed";
}

static void describe_tag(const struct mpi_check_values *values, char *text, size_t size)
{
    const int most = largest_tag();
    if (values->comm == MPI_COMM_NULL || (values->tag >= 0 && values->tag <= most))
        return;
    snprintf(text, size, "tag %d is outside of 0 to %d (MPI_TAG_UB, here)%s", values->tag, most,
             values->tag < 0 ? why_negative(values->tag) : "");
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
            snprintf(text, size, "a count of %d: it is at least 0", values->count);
        break;
    case MPI_ERR_BUFFER:
        if (values->comm != MPI_COMM_NULL)
            describe_buffer(values, text, size);
        break;
    case MPI_ERR_TYPE:
        snprintf(text, size, "%s",
                 values->type == MPI_DATATYPE_NULL
                     ? "the type is MPI_DATATYPE_NULL"
                     : "a type without MPI_Type_commit, or one that was freed");
        break;
    case MPI_ERR_COMM:
        snprintf(text, size, "%s",
                 values->comm == MPI_COMM_NULL
                     ? "the communicator is MPI_COMM_NULL: this rank is a member of "
                       "none, or it was never made"
                     : "the communicator was freed, or never set");
        break;
    case MPI_ERR_OP:
        snprintf(text, size, "MPI_OP_NULL, or an operation that elements of this type do not have");
        break;
    case MPI_ERR_REQUEST:
        snprintf(text, size, "%s",
                 doubtful_request != NULL
                     ? doubtful_request
                     : "a request whose variable was never set, or a copy of one "
                       "that has completed");
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
