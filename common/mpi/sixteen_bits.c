/* MPI's types and sums for bfloat16 and float16. */
#include "common/mpi/sixteen_bits.h"

#include "common/base/fatal.h"
#include "common/base/sixteen_bits.h"
#include "common/mpi/elements.h"

#include <stdbool.h>
#include <stdint.h>

static struct {
    MPI_Datatype bfloat16, float16;
    MPI_Op bfloat16_sum, float16_sum;
} made;

/* ---- sums ------------------------------------------------------------------------------------ */

/* How many numbers there are in so many elements of a type that is made of them. */
static int numbers(int count, MPI_Datatype type, const char *name)
{
    int size;
    MPI_Aint lower, extent;
    if (PMPI_Type_size(type, &size) != MPI_SUCCESS || size % 2 != 0 ||
        PMPI_Type_get_extent(type, &lower, &extent) != MPI_SUCCESS || extent != size)
        fatal("%s was given a type that is not made of 16-bit numbers, or has gaps", name);
    return count * (size / 2);
}

static void sum_bfloat16(void *input, void *result, int *count, MPI_Datatype *type)
{
    const uint16_t *a = input;
    uint16_t *b = result;
    const int n = numbers(*count, *type, "mpi_bfloat16_sum");
    for (int i = 0; i < n; i++)
        b[i] = bfloat16_from_float32(bfloat16_to_float32(a[i]) + bfloat16_to_float32(b[i]));
}

static void sum_float16(void *input, void *result, int *count, MPI_Datatype *type)
{
    const uint16_t *a = input;
    uint16_t *b = result;
    const int n = numbers(*count, *type, "mpi_float16_sum");
    for (int i = 0; i < n; i++)
        b[i] = float16_from_float32(float16_to_float32(a[i]) + float16_to_float32(b[i]));
}

/* ---- making and freeing them ------------------------------------------------------------------- */

static void must(int error, const char *call)
{
    if (error != MPI_SUCCESS)
        fatal("%s for a type of 16 bits failed with MPI error %d", call, error);
}

/* MPI_Finalize first does away with what is attached to MPI_COMM_SELF. */
static int free_all(MPI_Comm comm, int key, void *attribute, void *extra)
{
    (void)comm, (void)key, (void)attribute, (void)extra;
    PMPI_Type_free(&made.bfloat16);
    PMPI_Type_free(&made.float16);
    PMPI_Op_free(&made.bfloat16_sum);
    PMPI_Op_free(&made.float16_sum);
    return MPI_SUCCESS;
}

/* Two bytes, with a distance to where no third one is: so that MPI_Type_get_contents tells them from
 * other types of two bytes. */
enum { BFLOAT16_DISTANCE = 16001, FLOAT16_DISTANCE = 16002 };

static void make_type(MPI_Datatype *type, const char *name, enum log_type log_name,
                      MPI_Aint distance)
{
    must(PMPI_Type_create_hvector(1, 2, distance, MPI_BYTE, type), "MPI_Type_create_hvector");
    must(PMPI_Type_commit(type), "MPI_Type_commit");
    must(PMPI_Type_set_name(*type, name), "MPI_Type_set_name");
    log_mpi_add_type(*type, log_name);
}

static void make_all(void)
{
    static bool are_made;
    int key;
    if (are_made)
        return;
    are_made = true;
    make_type(&made.bfloat16, "bfloat16", LOG_TYPE_BFLOAT16, BFLOAT16_DISTANCE);
    make_type(&made.float16, "float16", LOG_TYPE_FLOAT16, FLOAT16_DISTANCE);
    must(PMPI_Op_create(sum_bfloat16, 1, &made.bfloat16_sum), "MPI_Op_create");
    must(PMPI_Op_create(sum_float16, 1, &made.float16_sum), "MPI_Op_create");
    log_mpi_add_operation(made.bfloat16_sum, LOG_REDUCTION_SUM);
    log_mpi_add_operation(made.float16_sum, LOG_REDUCTION_SUM);
    must(PMPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, free_all, &key, NULL),
         "MPI_Comm_create_keyval");
    must(PMPI_Comm_set_attr(MPI_COMM_SELF, key, NULL), "MPI_Comm_set_attr");
    must(PMPI_Comm_free_keyval(&key), "MPI_Comm_free_keyval");
}

MPI_Datatype mpi_bfloat16(void)
{
    make_all();
    return made.bfloat16;
}

MPI_Op mpi_bfloat16_sum(void)
{
    make_all();
    return made.bfloat16_sum;
}

MPI_Datatype mpi_float16(void)
{
    make_all();
    return made.float16;
}

MPI_Op mpi_float16_sum(void)
{
    make_all();
    return made.float16_sum;
}
