/*
 * For the wrappers: what the elements of a payload are, and how they are reduced.
 */
#include "common/mpi/elements.h"

#include "common/base/fatal.h"
#include "common/mpi/log_mpi.h"

#include <stdlib.h>
#include <string.h>

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
    if (size == 0) /* only says where another one begins or ends */
        return LOG_TYPE_NONE;
    for (size_t i = 0; i < sizeof with_sign / sizeof with_sign[0]; i++)
        if (type == with_sign[i])
            return whole_number((size_t)size, true);
    for (size_t i = 0; i < sizeof without_sign / sizeof without_sign[0]; i++)
        if (type == without_sign[i])
            return whole_number((size_t)size, false);
    return LOG_TYPE_OTHER;
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

/* What MPI says that a type was made of. */
struct contents {
    int integers, addresses, inner, combiner;
    int *number;
    MPI_Aint *place;
    MPI_Datatype *made_of;
};

static bool get_contents(MPI_Datatype type, struct contents *contents)
{
    *contents = (struct contents){0};
    if (PMPI_Type_get_envelope(type, &contents->integers, &contents->addresses, &contents->inner,
                               &contents->combiner) != MPI_SUCCESS ||
        contents->combiner == MPI_COMBINER_NAMED || contents->inner <= 0)
        return false;
    contents->number = malloc(((size_t)contents->integers + 1) * sizeof *contents->number);
    contents->place = malloc(((size_t)contents->addresses + 1) * sizeof *contents->place);
    contents->made_of = malloc((size_t)contents->inner * sizeof(MPI_Datatype));
    if (contents->number != NULL && contents->place != NULL && contents->made_of != NULL &&
        PMPI_Type_get_contents(type, contents->integers, contents->addresses, contents->inner,
                               contents->number, contents->place, contents->made_of) == MPI_SUCCESS)
        return true;
    contents->inner = 0; /* there is none to be released */
    return false;
}

static void contents_clear(struct contents *contents)
{
    for (int i = 0; i < contents->inner; i++)
        log_mpi_release_part(contents->made_of[i]);
    free(contents->number);
    free(contents->place);
    free(contents->made_of);
}

/* The kit's own types are alike to no other: one that was made in the same way is a copy. */
static bool is_copy_of(MPI_Datatype own, const struct contents *contents)
{
    struct contents of_own;
    const bool is_copy =
        get_contents(own, &of_own) && of_own.combiner == contents->combiner &&
        of_own.integers == contents->integers && of_own.addresses == contents->addresses &&
        of_own.inner == contents->inner && of_own.made_of[0] == contents->made_of[0] &&
        memcmp(of_own.number, contents->number, (size_t)of_own.integers * sizeof(int)) == 0 &&
        memcmp(of_own.place, contents->place, (size_t)of_own.addresses * sizeof(MPI_Aint)) == 0;
    contents_clear(&of_own);
    return is_copy;
}

/* Which of the kit's own it is; `types`: none. */
static int own_type_of(const struct contents *contents)
{
    int own = 0;
    while (own < types && !is_copy_of(own_types[own].type, contents))
        own++;
    return own;
}

static enum log_type type_of_derived(MPI_Datatype type)
{
    struct contents contents;
    enum log_type all = LOG_TYPE_OTHER;
    if (get_contents(type, &contents)) {
        const int own = own_type_of(&contents);
        all = own < types ? own_types[own].name : type_of_all(contents.made_of, contents.inner);
    }
    contents_clear(&contents);
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
    return combiner == MPI_COMBINER_NAMED ? type_of_named(type) : type_of_derived(type);
}

bool log_mpi_is_in_order(MPI_Datatype type)
{
    struct contents contents;
    if (log_mpi_is_plain(type))
        return true;
    bool is_in_order = false;
    if (get_contents(type, &contents))
        is_in_order =
            own_type_of(&contents) < types || ((contents.combiner == MPI_COMBINER_CONTIGUOUS ||
                                                contents.combiner == MPI_COMBINER_DUP) &&
                                               log_mpi_is_in_order(contents.made_of[0]));
    contents_clear(&contents);
    return is_in_order;
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
