/*
 * The control: a program that does what every program does whose run is graded, and nothing that could go
 * wrong by itself. The grader compiles, links and runs it in its sandbox before the first file of a
 * submission, and again before it blames a submission for what could be the machine's fault.
 *
 *     control FOLDER [LIBRARY]
 *
 * Each rank sends its number to the next one, in a ring, and writes the number that it gets to
 * FOLDER/control-RANK: "rank 1 of 2 got 0". grader/workplace/workplace_control.c reads that. With the library of a GPU
 * (common/base/device_back_end.h) each rank takes the GPU besides and lets it compute, and rank 0 prints its name; or
 * whoever can't use it says why: workplace_device.c reads that.
 */
#include "common/base/device_back_end.h"
#include "common/kernels/kernels.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES (1 << 20)  /* about as large as a log when it begins */
#define GPU_BYTES  (64 << 20) /* of the GPU's memory: models that are graded take less */
#define SIDE       64         /* rows and columns of the matrices that the GPU multiplies */

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

/* ---- the GPU ----------------------------------------------------------------------------------- */

static _Noreturn void refuse(const char *why)
{
    fprintf(stderr, "control: the GPU can't be used: %s\n", why);
    exit(3);
}

static void failed(const char *where, const char *what, const char *why)
{
    char all[2000];
    snprintf(all, sizeof all, "%s failed at %s: %s", what, where, why);
    refuse(all);
}

/* What the control asks a GPU to compute needs none. */
static void *scratch_new(size_t bytes)
{
    (void)bytes;
    return NULL;
}

static void scratch_free(void *block, size_t bytes)
{
    (void)block;
    (void)bytes;
}

/* c = a · bᵀ + a, element (i, j). */
static float right_result(const float *a, const float *b, int i, int j)
{
    float sum = a[i * SIDE + j];
    for (int k = 0; k < SIDE; k++)
        sum += a[i * SIDE + k] * b[j * SIDE + k];
    return sum;
}

/* A product and a kernel: whole numbers, which float32 and TF32 hold exactly, so there is one right result. `there`: of
 * the GPU's memory. (The linker knows nothing of what checks the bounds of arrays, so there are none.) */
static void compute(const struct device_back_end *gpu, float *there)
{
    const size_t count = (size_t)SIDE * SIDE, bytes = count * sizeof *there;
    float *a = malloc(3 * bytes);
    if (a == NULL)
        exit(complain("get memory", "for matrices", errno));
    float *b = a + count, *c = b + count;
    for (int i = 0; i < SIDE * SIDE; i++) {
        a[i] = (float)(i % 7);
        b[i] = (float)(i % 11);
    }
    gpu->copy_in(there, a, 2 * bytes);
    gpu->kernels->matrix_product(false, true, SIDE, SIDE, SIDE, there, there + count, 0,
                                 there + 2 * count);
    gpu->kernels->add(count, there, there + 2 * count);
    gpu->copy_out(c, there + 2 * count, bytes);
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++)
            if (c[i * SIDE + j] != right_result(a, b, i, j))
                refuse("it computes wrong numbers: nvidia-smi -q shows errors of its memory");
    free(a);
}

static void take_gpu(const char *library, int rank)
{
    static const struct device_services services = {
        .failed = failed, .scratch_new = scratch_new, .scratch_free = scratch_free};
    device_back_end_open_function *open_gpu = NULL;
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        refuse(dlerror());
    *(void **)&open_gpu = dlsym(handle, DEVICE_BACK_END_OPEN);
    if (open_gpu == NULL)
        refuse(dlerror());
    const struct device_back_end *gpu = open_gpu(&services, rank);
    if (gpu->refused != NULL)
        refuse(gpu->refused);
    void *block = gpu->block_new(GPU_BYTES);
    if (block == NULL)
        refuse("it has no memory left: end what else uses it (nvidia-smi shows that)");
    compute(gpu, block);
    gpu->block_free(block);
    if (rank == 0)
        printf("control: the GPU is %s\n", gpu->name);
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
    if (argc > 2)
        take_gpu(argv[2], rank);
    int status = argc > 1 ? write_evidence(argv[1], text, rank) : 2;
    MPI_Finalize();
    return status;
}
