/*
 * For the wrappers: what the elements of a payload are, and how they are reduced.
 */
#include "common/mpi/elements.h"

#include "common/base/fatal.h"
#include "common/mpi/log_mpi.h"

#include <stdlib.h>

/* ---- the kit's own types and operations ------------------------------------------------------- */

enum { MOST = 8 };

static struct {
    MPI_Datatype type;
    enum log_type name;
} own_types[MOST];
static struct {
    MPI_Op op;
    enum log_reduction name;
} own_operations[MOST];
static int types, operations;

void log_mpi_add_type(MPI_Datatype type, enum log_type name)
{
    if (types == MOST)
        fatal("more than %d datatypes of the kit's own", MOST);
    own_types[types].type = type;
    own_types[types++].name = name;
}

void log_mpi_add_operation(MPI_Op op, enum log_reduction name)
{
    if (operations == MOST)
        fatal("more than %d operations of the kit's own", MOST);
    own_operations[operations].op = op;
    own_operations[operations++].name = name;
}

/* ---- types -------------------------------------------------------------------------------------- */

static enum log_type whole_number(size_t size, bool is_signed)
{
    switch (size) {
    case 1:
        return is_signed ? LOG_TYPE_INT8 : LOG_TYPE_UINT8;
    case 2:
        return is_signed ? LOG_TYPE_INT16 : LOG_TYPE_UINT16;
    case 4:
        return is_signed ? LOG_TYPE_INT32 : LOG_TYPE_UINT32;
    default:
        return is_signed ? LOG_TYPE_INT64 : LOG_TYPE_UINT64;
    }
}

static enum log_type type_of_named(MPI_Datatype type)
{
    if (type == MPI_FLOAT)
        return LOG_TYPE_FLOAT32;
    if (type == MPI_DOUBLE)
        return LOG_TYPE_FLOAT64;
    const MPI_Datatype with_sign[] = {MPI_INT,         MPI_LONG,   MPI_LONG_LONG, MPI_SHORT,
                                      MPI_SIGNED_CHAR, MPI_INT8_T, MPI_INT16_T,   MPI_INT32_T,
                                      MPI_INT64_T,     MPI_AINT};
    const MPI_Datatype without_sign[] = {
        MPI_BYTE,          MPI_CHAR,           MPI_UNSIGNED_CHAR,      MPI_UNSIGNED,
        MPI_UNSIGNED_LONG, MPI_UNSIGNED_SHORT, MPI_UNSIGNED_LONG_LONG, MPI_UINT8_T,
        MPI_UINT16_T,      MPI_UINT32_T,       MPI_UINT64_T,           MPI_C_BOOL};
    int size;
    if (PMPI_Type_size(type, &size) != MPI_SUCCESS)
        return LOG_TYPE_OTHER;
    for (size_t i = 0; i < sizeof with_sign / sizeof with_sign[0]; i++)
        if (type == with_sign[i])
            return whole_number((size_t)size, true);
    for (size_t i = 0; i < sizeof without_sign / sizeof without_sign[0]; i++)
        if (type == without_sign[i])
            return whole_number((size_t)size, false);
    return LOG_TYPE_OTHER;
}

static void release(MPI_Datatype type)
{
    int integers, addresses, inner, combiner;
    if (PMPI_Type_get_envelope(type, &integers, &addresses, &inner, &combiner) == MPI_SUCCESS &&
        combiner != MPI_COMBINER_NAMED)
        PMPI_Type_free(&type);
}

/* The one that all of them are. */
static enum log_type type_of_all(const MPI_Datatype *inner, int count)
{
    enum log_type all = LOG_TYPE_NONE;
    for (int i = 0; i < count; i++) {
        const enum log_type one = log_mpi_type(inner[i]);
        if (one == LOG_TYPE_NONE)
            continue;
        if (all != LOG_TYPE_NONE && all != one)
            return LOG_TYPE_OTHER;
        all = one;
    }
    return all;
}

static enum log_type type_of_derived(MPI_Datatype type, int integers, int addresses, int inner)
{
    int *numbers = malloc(((size_t)integers + 1) * sizeof *numbers);
    MPI_Aint *places = malloc(((size_t)addresses + 1) * sizeof *places);
    MPI_Datatype *made_of = malloc(((size_t)inner + 1) * sizeof(MPI_Datatype));
    enum log_type all = LOG_TYPE_OTHER;
    if (numbers != NULL && places != NULL && made_of != NULL && inner > 0 &&
        PMPI_Type_get_contents(type, integers, addresses, inner, numbers, places, made_of) ==
            MPI_SUCCESS) {
        all = type_of_all(made_of, inner);
        for (int i = 0; i < inner; i++)
            release(made_of[i]);
    }
    free(numbers);
    free(places);
    free(made_of);
    return all;
}

bool log_mpi_is_type(MPI_Datatype type)
{
    return type != MPI_DATATYPE_NULL && type != (MPI_Datatype)NULL;
}

enum log_type log_mpi_type(MPI_Datatype type)
{
    int integers, addresses, inner, combiner;
    if (!log_mpi_is_type(type))
        return LOG_TYPE_NONE;
    for (int i = 0; i < types; i++)
        if (own_types[i].type == type)
            return own_types[i].name;
    if (PMPI_Type_get_envelope(type, &integers, &addresses, &inner, &combiner) != MPI_SUCCESS)
        return LOG_TYPE_OTHER;
    return combiner == MPI_COMBINER_NAMED ? type_of_named(type)
                                          : type_of_derived(type, integers, addresses, inner);
}

/* ---- reductions ----------------------------------------------------------------------------------- */

enum log_reduction log_mpi_reduction(MPI_Op op)
{
    if (op == MPI_OP_NULL)
        return LOG_REDUCTION_NONE;
    for (int i = 0; i < operations; i++)
        if (own_operations[i].op == op)
            return own_operations[i].name;
    if (op == MPI_SUM)
        return LOG_REDUCTION_SUM;
    if (op == MPI_PROD)
        return LOG_REDUCTION_PRODUCT;
    if (op == MPI_MAX)
        return LOG_REDUCTION_MAXIMUM;
    if (op == MPI_MIN)
        return LOG_REDUCTION_MINIMUM;
    const MPI_Op others[] = {MPI_LAND, MPI_BAND,   MPI_LOR,    MPI_BOR,     MPI_LXOR,
                             MPI_BXOR, MPI_MAXLOC, MPI_MINLOC, MPI_REPLACE, MPI_NO_OP};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (op == others[i])
            return LOG_REDUCTION_OTHER_OF_MPI;
    return LOG_REDUCTION_OWN;
}
