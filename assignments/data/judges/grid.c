/* Do groups make up a grid? See groups.h. */
#include "assignments/data/judges/groups.h"

#include <string.h>

static const char *const names[DIMENSIONS] = {"data", "pipeline", "tensor"};

static const struct mistake
    no_group = {"a rank without a group",
                "make_groups left a communicator of some rank at MPI_COMM_NULL. Every rank is in a "
                "group along each dimension, if need be alone in it.",
                "the colour: MPI_UNDEFINED is for ranks that are in no group"},
    swapped = {"the data groups are the pipelines, and the pipelines the data groups",
               "The groups along data are as large as the grid is along pipeline, and the other "
               "way round: the ranks of one data group have the same stage, those of one pipeline "
               "each another.",
               "which ranks have the same colour: rank / n and rank % n put together other ranks"},
    everybody = {"all ranks are in one group",
                 "A group along one dimension has all ranks of the grid.",
                 "the colour: it is the same on all ranks"},
    alone = {"every rank is alone in its group",
             "A group along one dimension has one rank, and should have more.",
             "the colour: ranks of one group have to give the same"},
    other_comm = {"a group of ranks that are not in comm",
                  "A group has members that make_groups was not asked about: it was made of "
                  "another communicator than the one given.",
                  "the first argument of MPI_Comm_split"},
    same_rule = {"two dimensions are cut by the same rule",
                 "Two ranks are in one group along two dimensions. In a grid two ranks of one "
                 "pipeline have different stages, and so they are in no data group together.",
                 "the colours along data and along pipeline: of one rule is rank / n, of the other "
                 "rank % n"},
    stages_differ = {"pipelines count their stages in different orders",
                     "Ranks of one data group have different places in their pipelines: they would "
                     "average the gradients of different stages.",
                     "the key that is given to MPI_Comm_split for the pipelines"},
    replicas_differ = {"stages count the replicas in different orders",
                       "Ranks of one pipeline have different places in their data groups: one "
                       "stage of it would work with the samples of another replica.",
                       "the key that is given to MPI_Comm_split for the data groups"},
    other_key = {"the right ranks, in another order",
                 "The groups have the right members, and count them in another order.",
                 "the key that is given to MPI_Comm_split"};

/* ---- members ------------------------------------------------------------------------------------------- */

int members_place(const struct members *members, int rank)
{
    for (int i = 0; i < members->count; i++)
        if (members->rank[i] == rank)
            return i;
    return -1;
}

bool members_equal(const struct members *a, const struct members *b)
{
    return a->count == b->count &&
           memcmp(a->rank, b->rank, (size_t)a->count * sizeof *a->rank) == 0;
}

static bool members_alike(const struct members *a, const struct members *b)
{
    for (int i = 0; i < a->count; i++)
        if (members_place(b, a->rank[i]) < 0)
            return false;
    return a->count == b->count;
}

void members_describe(const struct members *members, GString *text)
{
    g_string_append(text, members->count ? "{" : "no group");
    for (int i = 0; i < members->count; i++)
        if (members->rank[i] == GROUP_STRANGER)
            g_string_append_printf(text, "%sa rank that is not in comm", i ? ", " : "");
        else
            g_string_append_printf(text, "%s%d", i ? ", " : "", members->rank[i]);
    g_string_append(text, members->count ? "}" : "");
}

int grid_case_size(const struct group_case *grid, enum dimension dimension)
{
    return dimension == DATA ? grid->data : dimension == PIPELINE ? grid->pipeline : grid->tensor;
}

/* ---- sizes --------------------------------------------------------------------------------------------- */

static const struct mistake *mistake_of_size(const struct grid_case *one, int rank,
                                             enum dimension dimension)
{
    const int count = one->of[rank][dimension].count;
    if (count == 0)
        return &no_group;
    if (members_place(&one->of[rank][dimension], GROUP_STRANGER) >= 0)
        return &other_comm;
    if (one->is.tensor == 1 && one->is.data != one->is.pipeline &&
        one->of[rank][DATA].count == one->is.pipeline &&
        one->of[rank][PIPELINE].count == one->is.data)
        return &swapped;
    if (count == one->is.ranks)
        return &everybody;
    return count == 1 ? &alone : NULL;
}

static bool sizes_are_right(const struct grid_case *one, GString *why,
                            const struct mistake **mistake)
{
    for (int rank = 0; rank < one->is.ranks; rank++)
        for (int d = 0; d < DIMENSIONS; d++) {
            const struct members *group = &one->of[rank][d];
            const int size = grid_case_size(&one->is, (enum dimension)d);
            if (group->count == size && members_place(group, rank) >= 0 &&
                members_place(group, GROUP_STRANGER) < 0)
                continue;
            g_string_append_printf(why, "the %s group of rank %d is ", names[d], rank);
            members_describe(group, why);
            g_string_append_printf(why, ", and along %s there %s %d", names[d],
                                   size == 1 ? "is" : "are", size);
            *mistake = mistake_of_size(one, rank, (enum dimension)d);
            return false;
        }
    return true;
}

/* ---- a grid, in whatever order ---------------------------------------------------------------------------- */

/* Do two groups of a rank have it alone in common? */
static bool crosses(const struct grid_case *one, int rank, GString *why,
                    const struct mistake **mistake)
{
    const struct members *data = &one->of[rank][DATA], *pipeline = &one->of[rank][PIPELINE];
    for (int i = 0; i < data->count; i++) {
        if (data->rank[i] == rank || members_place(pipeline, data->rank[i]) < 0)
            continue;
        g_string_append_printf(why, "ranks %d and %d are in one data group, ", rank, data->rank[i]);
        members_describe(data, why);
        g_string_append(why, ", and in one pipeline, ");
        members_describe(pipeline, why);
        *mistake = &same_rule;
        return false;
    }
    return true;
}

/* Have all members of a group along one dimension the same place along the other? */
static bool places_agree(const struct grid_case *one, int rank, enum dimension along,
                         enum dimension other, GString *why)
{
    const struct members *group = &one->of[rank][along];
    const int own = members_place(&one->of[rank][other], rank);
    for (int i = 0; i < group->count; i++) {
        const int member = group->rank[i], place = members_place(&one->of[member][other], member);
        if (place == own)
            continue;
        g_string_append_printf(why, "ranks %d and %d are in one %s group, ", rank, member,
                               names[along]);
        members_describe(group, why);
        g_string_append_printf(why, ", and are number %d and number %d of their %s groups, ", own,
                               place, names[other]);
        members_describe(&one->of[rank][other], why);
        g_string_append(why, " and ");
        members_describe(&one->of[member][other], why);
        return false;
    }
    return true;
}

static bool is_some_grid(const struct grid_case *one, GString *why, const struct mistake **mistake)
{
    for (int rank = 0; rank < one->is.ranks; rank++) {
        if (!crosses(one, rank, why, mistake))
            return false;
        if (!places_agree(one, rank, DATA, PIPELINE, why)) {
            *mistake = &stages_differ;
            return false;
        }
        if (!places_agree(one, rank, PIPELINE, DATA, why)) {
            *mistake = &replicas_differ;
            return false;
        }
    }
    return true;
}

/* ---- in three dimensions ----------------------------------------------------------------------------------- */

/* Which dimension counts fastest, and which slowest. */
struct order {
    enum dimension is[DIMENSIONS];
    struct mistake mistake; /* no name: this is the right one */
};

#define OTHER_ORDER(words)                                                                         \
    {                                                                                              \
        "ranks stand in the grid in another order: " words,                                        \
            "The groups are those of a grid in which ranks are counted " words                     \
            ". Ranks that share "                                                                  \
            "layers say most to each other, and stages least: so tensor comes first, then data, "  \
            "then "                                                                                \
            "pipeline.",                                                                           \
            "the divisors and remainders by which a rank's place is worked out"                    \
    }

static const struct order orders[] = {
    {{TENSOR, DATA, PIPELINE}, {NULL, NULL, NULL}},
    {{TENSOR, PIPELINE, DATA}, OTHER_ORDER("along tensor, then along pipeline, then along data")},
    {{DATA, TENSOR, PIPELINE}, OTHER_ORDER("along data, then along tensor, then along pipeline")},
    {{DATA, PIPELINE, TENSOR}, OTHER_ORDER("along data, then along pipeline, then along tensor")},
    {{PIPELINE, TENSOR, DATA}, OTHER_ORDER("along pipeline, then along tensor, then along data")},
    {{PIPELINE, DATA, TENSOR}, OTHER_ORDER("along pipeline, then along data, then along tensor")},
};

static struct members expected(const struct group_case *grid, const struct order *order, int rank,
                               enum dimension dimension)
{
    int stride = 1;
    for (int i = 0; order->is[i] != dimension; i++)
        stride *= grid_case_size(grid, order->is[i]);
    const int size = grid_case_size(grid, dimension);
    const int first = rank - rank / stride % size * stride;
    struct members members = {.count = size};
    for (int i = 0; i < size; i++)
        members.rank[i] = first + i * stride;
    return members;
}

/* The first group that is not as it should be; false: all are. */
static bool find_other(const struct grid_case *one, const struct order *order,
                       bool equal(const struct members *, const struct members *), int *rank,
                       enum dimension *dimension)
{
    for (*rank = 0; *rank < one->is.ranks; ++*rank)
        for (int d = 0; d < DIMENSIONS; d++) {
            const struct members right = expected(&one->is, order, *rank, (enum dimension)d);
            *dimension = (enum dimension)d;
            if (!equal(&one->of[*rank][d], &right))
                return true;
        }
    return false;
}

static bool is_ordered_grid(const struct grid_case *one, GString *why,
                            const struct mistake **mistake)
{
    int rank, other;
    enum dimension dimension, any;
    if (!find_other(one, &orders[0], members_equal, &rank, &dimension))
        return true;
    const struct members right = expected(&one->is, &orders[0], rank, dimension);
    g_string_append_printf(why, "the %s group of rank %d is ", names[dimension], rank);
    members_describe(&one->of[rank][dimension], why);
    g_string_append(why, ", and should be ");
    members_describe(&right, why);
    if (!find_other(one, &orders[0], members_alike, &other, &any))
        *mistake = &other_key;
    for (size_t i = 1; i < G_N_ELEMENTS(orders) && !*mistake; i++)
        if (!find_other(one, &orders[i], members_equal, &other, &any))
            *mistake = &orders[i].mistake;
    return false;
}

bool grid_case_is_right(const struct grid_case *one, GString *why, const struct mistake **mistake)
{
    *mistake = NULL;
    if (!sizes_are_right(one, why, mistake))
        return false;
    return one->is.tensor > 1 ? is_ordered_grid(one, why, mistake)
                              : is_some_grid(one, why, mistake);
}
