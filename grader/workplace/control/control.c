/*
 * The control: a program that does what every program does whose run is graded, and nothing that could go
 * wrong by itself. The grader compiles, links and runs it in its sandbox before the first file of a
 * submission, and again before it blames a submission for what could be the machine's fault.
 *
 *     control FOLDER
 *
 * Each rank sends its number to the next one, in a ring, and writes the number that it gets to
 * FOLDER/control-RANK: "rank 1 of 2 got 0". grader/workplace/workplace_control.c reads that.
 */
#include <errno.h>
#include <fcntl.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES (1 << 20) /* about as large as a log when it begins */

static int complain(const char *what, const char *path, int error)
{
    fprintf(stderr, "control: can't %s %s: %s\n", what, path, strerror(error));
    return 1;
}

static int write_evidence(const char *folder, const char *text, int rank)
{
    char path[4096];
    const size_t length = strlen(text);
    snprintf(path, sizeof path, "%s/control-%d", folder, rank);
    int file = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (file < 0)
        return complain("make", path, errno);
    int error = posix_fallocate(file, 0, FILE_BYTES);
    if (error != 0)
        return complain("get room for", path, error);
    if (pwrite(file, text, length, 0) != (ssize_t)length || close(file) != 0)
        return complain("write", path, errno);
    return 0;
}

int main(int argc, char **argv)
{
    int rank, ranks, got = -1;
    char text[100];
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    MPI_Sendrecv(&rank, 1, MPI_INT, (rank + 1) % ranks, 0, &got, 1, MPI_INT,
                 (rank + ranks - 1) % ranks, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    snprintf(text, sizeof text, "rank %d of %d got %d\n", rank, ranks, got);
    int status = argc > 1 ? write_evidence(argv[1], text, rank) : 2;
    MPI_Finalize();
    return status;
}
