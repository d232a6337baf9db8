/*
 * Numbers of 16 bits through MPI: all kinds of reductions among three ranks, and the sum of each of the
 * 65,536 numbers with others, compared with double precision. The folder for the log is the
 * first argument.
 */
#include "common/base/sixteen_bits.h"
#include "common/mpi/sixteen_bits.h"
#include "common/tests/programs/checked.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

enum { COUNT = 3000, ALL = 65536 };

static int rank;

static const struct kind {
    MPI_Datatype (*type)(void);
    MPI_Op (*sum)(void);
    float (*to)(uint16_t);
    uint16_t (*from)(float);
} kinds[] = {{mpi_bfloat16, mpi_bfloat16_sum, bfloat16_to_float32, bfloat16_from_float32},
             {mpi_float16, mpi_float16_sum, float16_to_float32, float16_from_float32}};

/* A sum in double precision, of which 53 bits are enough for float32's 24 to be rounded once, is as good
 * as the exact one. */
static bool is_sum(const struct kind *kind, uint16_t sum, uint16_t a, uint16_t b)
{
    const double exact = (double)kind->to(a) + (double)kind->to(b);
    if (isnan(exact))
        return isnan(kind->to(sum));
    return sum == kind->from((float)exact);
}

/* With numbers of all kinds, and, in every fourth round, with one that is near its negative. */
static void pairs(const struct kind *kind)
{
    static uint16_t a[ALL], b[ALL], before[ALL];
    uint32_t state = 12345;
    for (int round = 0; round < 16; round++) {
        for (uint32_t i = 0; i < ALL; i++) {
            state = state * 1664525 + 1013904223;
            a[i] = (uint16_t)i;
            b[i] = (uint16_t)(round % 4 == 0 ? (i ^ 0x8000) + (state >> 27) - 16 : state >> 16);
            before[i] = b[i];
        }
        MUST(MPI_Reduce_local(a, b, ALL, kind->type(), kind->sum()));
        for (int i = 0; i < ALL; i++)
            CHECK(is_sum(kind, b[i], a[i], before[i]));
    }
}

/* Rank r has r + 1 + i % 8: all sums are exact. */
static void fill(const struct kind *kind, uint16_t *numbers, int count)
{
    for (int i = 0; i < count; i++)
        numbers[i] = kind->from((float)(rank + 1 + i % 8));
}

static bool is_sum_of_all(const struct kind *kind, const uint16_t *numbers, int first, int count)
{
    for (int i = 0; i < count; i++)
        if (kind->to(numbers[i]) != (float)(6 + 3 * ((first + i) % 8)))
            return false;
    return true;
}

static void reductions(const struct kind *kind)
{
    static uint16_t mine[COUNT], result[COUNT];
    MPI_Request request;
    MPI_Datatype pair;
    const MPI_Datatype type = kind->type();
    const MPI_Op sum = kind->sum();
    fill(kind, mine, COUNT);
    MUST(MPI_Allreduce(mine, result, COUNT, type, sum, MPI_COMM_WORLD));
    CHECK(is_sum_of_all(kind, result, 0, COUNT));
    fill(kind, result, COUNT);
    MUST(MPI_Allreduce(MPI_IN_PLACE, result, COUNT, type, sum, MPI_COMM_WORLD));
    CHECK(is_sum_of_all(kind, result, 0, COUNT));
    MUST(MPI_Reduce(mine, result, COUNT, type, sum, 1, MPI_COMM_WORLD));
    CHECK(rank != 1 || is_sum_of_all(kind, result, 0, COUNT));
    MUST(MPI_Reduce_scatter_block(mine, result, COUNT / 3, type, sum, MPI_COMM_WORLD));
    CHECK(is_sum_of_all(kind, result, rank * (COUNT / 3), COUNT / 3));
    MUST(MPI_Iallreduce(mine, result, COUNT, type, sum, MPI_COMM_WORLD, &request));
    MUST(MPI_Wait(&request, MPI_STATUS_IGNORE));
    CHECK(is_sum_of_all(kind, result, 0, COUNT));
    MUST(MPI_Type_contiguous(2, type, &pair));
    MUST(MPI_Type_commit(&pair));
    MUST(MPI_Allreduce(mine, result, COUNT / 2, pair, sum, MPI_COMM_WORLD));
    CHECK(is_sum_of_all(kind, result, 0, COUNT));
    MUST(MPI_Type_free(&pair));
    fill(kind, mine, COUNT);
    MUST(MPI_Sendrecv(mine, COUNT, type, (rank + 1) % 3, 4, result, COUNT, type, (rank + 2) % 3, 4,
                      MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    CHECK(kind->to(result[9]) == (float)((rank + 2) % 3 + 2));
    CHECK(type == kind->type() && sum == kind->sum());
}

int main(int argc, char **argv)
{
    int ranks;
    if (argc < 2)
        return 2;
    PMPI_Init(&argc, &argv);
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    PMPI_Comm_size(MPI_COMM_WORLD, &ranks);
    CHECK(ranks == 3);
    log_open(argv[1], rank, ranks, 1);
    for (int k = 0; k < 2; k++) {
        reductions(&kinds[k]);
        if (rank == 0)
            pairs(&kinds[k]);
    }
    return end_program();
}
