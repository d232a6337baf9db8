/*
 * Two ranks send each other data in all layouts that derived datatypes can have, and check what
 * arrives. What lies between the data is garbage, another on each rank and in each message.
 *
 * Layout k goes out with tag 10 k and arrives as plain bytes; with 10 k + 1 plain bytes arrive in it;
 * 10 k + 2 and 10 k + 3 are as 10 k with the first, or the last, byte of the data changed. Byte i of
 * the data is 37 i + 11. The folder for the log is the first argument.
 */
#include "common/base/machine.h"
#include "common/tests/programs/checked.h"

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { ROOM = 4096, BLOCKS = 8 };

static int rank;
static unsigned char memory[ROOM], *const middle = memory + ROOM / 2;

/* ---- the layouts ------------------------------------------------------------------------------- */

/* Where the bytes of an element are, in their order, from the buffer's address on; and how far the
 * next element is. */
struct layout {
    const char *name;
    void (*make)(MPI_Datatype *type);
    struct {
        int from, bytes;
    } block[BLOCKS];
    int count, extent;
    bool from_bottom; /* of memory: MPI_BOTTOM */
};

struct padded {
    int number;
    double value;
    char text[3];
};

static void vector(MPI_Datatype *type)
{
    MUST(MPI_Type_vector(4, 3, 7, MPI_FLOAT, type));
}

static void backwards(MPI_Datatype *type)
{
    MUST(MPI_Type_vector(4, 1, -3, MPI_FLOAT, type));
}

static void bytes_apart(MPI_Datatype *type)
{
    MUST(MPI_Type_create_hvector(3, 2, 21, MPI_INT, type));
}

static void bytes_apart_backwards(MPI_Datatype *type)
{
    MUST(MPI_Type_create_hvector(3, 2, -12, MPI_INT, type));
}

static void indexed(MPI_Datatype *type)
{
    MUST(MPI_Type_indexed(3, (int[]){2, 0, 3}, (int[]){0, 5, 9}, MPI_INT, type));
}

static void unsorted(MPI_Datatype *type)
{
    MUST(MPI_Type_indexed(3, (int[]){1, 2, 1}, (int[]){4, -6, 0}, MPI_INT, type));
}

static void blocks_of_one_size(MPI_Datatype *type)
{
    MUST(MPI_Type_create_indexed_block(3, 2, (int[]){6, 0, 3}, MPI_SHORT, type));
}

static void far_from_zero(MPI_Datatype *type)
{
    MUST(MPI_Type_create_hindexed(2, (int[]){1, 2}, (MPI_Aint[]){40, 51}, MPI_INT, type));
}

static void structure(MPI_Datatype *type)
{
    MPI_Datatype packed;
    MUST(MPI_Type_create_struct(3, (int[]){1, 1, 3},
                                (MPI_Aint[]){offsetof(struct padded, number),
                                             offsetof(struct padded, value),
                                             offsetof(struct padded, text)},
                                (MPI_Datatype[]){MPI_INT, MPI_DOUBLE, MPI_CHAR}, &packed));
    MUST(MPI_Type_create_resized(packed, 0, sizeof(struct padded), type));
    MUST(MPI_Type_free(&packed));
}

static void part_of_rows(MPI_Datatype *type)
{
    MUST(MPI_Type_create_subarray(2, (int[]){4, 6}, (int[]){2, 3}, (int[]){1, 2}, MPI_ORDER_C,
                                  MPI_INT, type));
}

static void part_of_columns(MPI_Datatype *type)
{
    MUST(MPI_Type_create_subarray(2, (int[]){6, 4}, (int[]){3, 2}, (int[]){2, 1}, MPI_ORDER_FORTRAN,
                                  MPI_INT, type));
}

static void columns(MPI_Datatype *type)
{
    MPI_Datatype column;
    MUST(MPI_Type_vector(4, 1, 8, MPI_FLOAT, &column));
    MUST(MPI_Type_create_resized(column, 0, sizeof(float), type));
    MUST(MPI_Type_free(&column));
}

static void lower_bound(MPI_Datatype *type)
{
    MUST(MPI_Type_create_resized(MPI_INT, -8, 24, type));
}

static void each_before_the_last(MPI_Datatype *type)
{
    MUST(MPI_Type_create_resized(MPI_INT, 0, -12, type));
}

static void copy(MPI_Datatype *type)
{
    MPI_Datatype original;
    vector(&original);
    MUST(MPI_Type_dup(original, type));
    MUST(MPI_Type_free(&original));
}

static void nested(MPI_Datatype *type)
{
    MPI_Datatype inner;
    MUST(MPI_Type_create_struct(2, (int[]){1, 2}, (MPI_Aint[]){0, 6},
                                (MPI_Datatype[]){MPI_INT, MPI_CHAR}, &inner));
    MUST(MPI_Type_create_hvector(2, 1, 32, inner, type));
    MUST(MPI_Type_free(&inner));
}

static void row(MPI_Datatype *type)
{
    MPI_Datatype one;
    vector(&one);
    MUST(MPI_Type_contiguous(2, one, type));
    MUST(MPI_Type_free(&one));
}

static void absolute(MPI_Datatype *type)
{
    MPI_Aint place;
    MUST(MPI_Get_address(memory, &place));
    MUST(MPI_Type_create_hindexed(2, (int[]){2, 1}, (MPI_Aint[]){place + 800, place + 40}, MPI_INT,
                                  type));
}

static void pair(MPI_Datatype *type)
{
    MUST(MPI_Type_contiguous(1, MPI_DOUBLE_INT, type));
}

static const struct layout layouts[] = {
    {"vector", vector, {{0, 12}, {28, 12}, {56, 12}, {84, 12}}, 2, 96, false},
    {"vector backwards", backwards, {{0, 4}, {-12, 4}, {-24, 4}, {-36, 4}}, 1, 0, false},
    {"hvector", bytes_apart, {{0, 8}, {21, 8}, {42, 8}}, 1, 0, false},
    {"hvector backwards", bytes_apart_backwards, {{0, 8}, {-12, 8}, {-24, 8}}, 1, 0, false},
    {"indexed", indexed, {{0, 8}, {36, 12}}, 2, 48, false},
    {"indexed unsorted", unsorted, {{16, 4}, {-24, 8}, {0, 4}}, 1, 0, false},
    {"indexed block", blocks_of_one_size, {{12, 4}, {0, 4}, {6, 4}}, 1, 0, false},
    {"hindexed from 40 on", far_from_zero, {{40, 4}, {51, 8}}, 1, 0, false},
    {"struct",
     structure,
     {{0, 4}, {offsetof(struct padded, value), 8}, {offsetof(struct padded, text), 3}},
     3,
     sizeof(struct padded),
     false},
    {"subarray", part_of_rows, {{32, 12}, {56, 12}}, 1, 0, false},
    {"subarray of Fortran", part_of_columns, {{32, 12}, {56, 12}}, 1, 0, false},
    {"columns", columns, {{0, 4}, {32, 4}, {64, 4}, {96, 4}}, 3, 4, false},
    {"resized, lower bound", lower_bound, {{0, 4}}, 4, 24, false},
    {"resized, negative extent", each_before_the_last, {{0, 4}}, 4, -12, false},
    {"dup", copy, {{0, 12}, {28, 12}, {56, 12}, {84, 12}}, 2, 96, false},
    {"nested", nested, {{0, 4}, {6, 2}, {32, 4}, {38, 2}}, 1, 0, false},
    {"from the bottom", absolute, {{800, 8}, {40, 4}}, 1, 0, true},
    {"several vectors backwards", backwards, {{0, 4}, {-12, 4}, {-24, 4}, {-36, 4}}, 2, 40, false},
    {"rows of a vector",
     row,
     {{0, 12}, {28, 12}, {56, 12}, {84, 12}, {96, 12}, {124, 12}, {152, 12}, {180, 12}},
     2,
     192,
     false},
    {"several subarrays", part_of_rows, {{32, 12}, {56, 12}}, 3, 96, false},
    /* SMPI sends its gaps, too. */
    {"double and int", pair, {{0, 12}}, 3, 16, false},
};
enum { LAYOUTS = sizeof layouts / sizeof layouts[0] };

/* ---- messages ------------------------------------------------------------------------------------ */

static unsigned char data[ROOM];

static void fill_data(void)
{
    for (int i = 0; i < ROOM; i++)
        data[i] = (unsigned char)(37 * i + 11);
}

/* Calls f for each byte of a layout, and returns how many there are. */
static int visit(const struct layout *layout, void (*f)(unsigned char *place, int i))
{
    unsigned char *const base = layout->from_bottom ? memory : middle;
    int i = 0;
    for (int element = 0; element < layout->count; element++)
        for (int b = 0; b < BLOCKS; b++)
            for (int k = 0; k < layout->block[b].bytes; k++)
                f(base + element * layout->extent + layout->block[b].from + k, i++);
    return i;
}

static void put(unsigned char *place, int i)
{
    *place = data[i];
}

static bool is_right;

static void compare(unsigned char *place, int i)
{
    is_right &= *place == data[i];
}

static void garbage(int message)
{
    for (int i = 0; i < ROOM; i++)
        memory[i] = (unsigned char)(i * 11 + 101 * rank + 53 * message + 1);
}

static void exchange(int k)
{
    const struct layout *layout = &layouts[k];
    void *const buffer = layout->from_bottom ? MPI_BOTTOM : middle;
    unsigned char plain[ROOM];
    MPI_Datatype type;
    layout->make(&type);
    MUST(MPI_Type_commit(&type));
    for (int message = 0; message < 4; message++) {
        fill_data();
        garbage(4 * k + message);
        const int bytes = visit(layout, put);
        if (message == 1) {
            garbage(4 * k + message);
            MUST(MPI_Sendrecv(data, bytes, MPI_BYTE, 1 - rank, 10 * k + message, buffer,
                              layout->count, type, 1 - rank, 10 * k + message, MPI_COMM_WORLD,
                              MPI_STATUS_IGNORE));
            is_right = true;
            visit(layout, compare);
            if (!is_right)
                fprintf(stderr, "%s: received wrongly\n", layout->name);
        } else {
            if (message > 1)
                data[message == 2 ? 0 : bytes - 1] ^= 1;
            visit(layout, put);
            MUST(MPI_Sendrecv(buffer, layout->count, type, 1 - rank, 10 * k + message, plain, ROOM,
                              MPI_BYTE, 1 - rank, 10 * k + message, MPI_COMM_WORLD,
                              MPI_STATUS_IGNORE));
            is_right = memcmp(plain, data, (size_t)bytes) == 0;
            if (!is_right)
                fprintf(stderr, "%s: sent wrongly\n", layout->name);
        }
        CHECK(is_right);
    }
    MUST(MPI_Sendrecv(buffer, 0, type, 1 - rank, 1000, plain, 0, MPI_BYTE, 1 - rank, 1000,
                      MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    MUST(MPI_Type_free(&type));
}

int main(int argc, char **argv)
{
    int ranks;
    if (argc < 2)
        return 2;
    PMPI_Init(&argc, &argv);
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    PMPI_Comm_size(MPI_COMM_WORLD, &ranks);
    CHECK(ranks == 2);
    log_open(argv[1], rank, ranks, 1);
    for (int k = 0; k < LAYOUTS - (strcmp(machine_name(), "simulated") == 0); k++)
        exchange(k);
    return end_program();
}
