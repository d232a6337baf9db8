/* Which ranks are in which communicator; see groups.h. */
#include "grader/trace/groups.h"

#include "common/log/log_fields.h"

#include <stdlib.h>

struct groups {
    int ranks;
    GHashTable *of;  /* communicator → struct group */
    GPtrArray *list; /* the same, in order */
};

static void free_group(gpointer pointer)
{
    struct group *group = pointer;
    g_free(group->rank[0]);
    g_free(group->rank[1]);
    g_free(group->by_rank);
    g_free(group);
}

static struct group *add_group(struct groups *groups, uint64_t communicator)
{
    struct group *group = g_new0(struct group, 1);
    group->communicator = communicator;
    group->sides = 1;
    group->made_by = GROUP_UNKNOWN;
    g_hash_table_insert(groups->of, GSIZE_TO_POINTER(communicator), group);
    g_ptr_array_add(groups->list, group);
    return group;
}

/* Makes room for the members of a side; false if its size contradicts what was said before. */
static bool set_size(struct groups *groups, struct group *group, int side, int size)
{
    if (size < 1 || size > groups->ranks)
        return false;
    if (group->rank[side])
        return group->size[side] == size;
    group->size[side] = size;
    group->rank[side] = g_new(int, size);
    for (int i = 0; i < size; i++)
        group->rank[side][i] = GROUP_UNKNOWN;
    return true;
}

/* Makes room as the member says; false if that contradicts itself or what others said. */
static bool fits(struct groups *groups, struct group *group, const struct log_member *member)
{
    const int sides = member->remote_size == 0 ? 1 : 2;
    const bool is_first = !group->rank[0] && !group->rank[1];
    if (member->remote_size < 0 || member->side >= sides || (!is_first && group->sides != sides))
        return false;
    if (!set_size(groups, group, member->side, member->size) ||
        (sides == 2 && !set_size(groups, group, 1 - member->side, member->remote_size)))
        return false;
    group->sides = sides;
    return member->rank >= 0 && member->rank < member->size;
}

/* While groups are read: by_rank is not there yet. */
static bool is_named(const struct group *group, int rank)
{
    for (int side = 0; side < group->sides; side++)
        for (int i = 0; i < group->size[side]; i++)
            if (group->rank[side][i] == rank)
                return true;
    return false;
}

static void add_member(struct groups *groups, int rank, const struct log_file *log, size_t i)
{
    const struct log_member member = log_member(&log->record[i]);
    struct group *group = g_hash_table_lookup(groups->of, GSIZE_TO_POINTER(member.communicator));
    if (!group)
        group = add_group(groups, member.communicator);
    int *place = fits(groups, group, &member) ? &group->rank[member.side][member.rank] : NULL;
    const bool is_elsewhere = place && *place != rank && is_named(group, rank);
    if (!place || is_elsewhere || (*place != GROUP_UNKNOWN && *place != rank)) {
        group->contradicts = true;
        return;
    }
    *place = rank;
    if (member.parent != 0)
        group->parent = member.parent;
    if (member.caller != 0 && group->made_by == GROUP_UNKNOWN) {
        group->made_by = rank;
        group->made_at = i;
    }
}

/* Everybody is in these, in the order of the run's ranks but for MPI_COMM_WORLD, whose order a run may
 * have turned round: those who say where they are know. */
static void add_everybody(struct groups *groups, uint64_t communicator)
{
    struct group *group = g_hash_table_lookup(groups->of, GSIZE_TO_POINTER(communicator));
    const int ranks = groups->ranks;
    bool is_turned = false;
    if (!group)
        group = add_group(groups, communicator);
    if (group->sides != 1 || !set_size(groups, group, 0, ranks))
        return;
    for (int i = 0; i < ranks; i++)
        is_turned |= group->rank[0][i] != i && group->rank[0][i] == ranks - 1 - i;
    for (int i = 0; i < ranks; i++) {
        const int rank = is_turned ? ranks - 1 - i : i;
        if (group->rank[0][i] == GROUP_UNKNOWN && !is_named(group, rank))
            group->rank[0][i] = rank;
    }
}

static int compare_members(const void *left, const void *right)
{
    return ((const struct group_member *)left)->rank - ((const struct group_member *)right)->rank;
}

static void sort_members(struct group *group)
{
    const int size = group_size(group);
    group->by_rank = g_new(struct group_member, (gsize)size + 1);
    struct group_member *next = group->by_rank;
    for (int side = 0; side < group->sides; side++)
        for (int i = 0; i < group->size[side]; i++)
            *next++ = (struct group_member){group->rank[side][i], side, i};
    qsort(group->by_rank, (size_t)size, sizeof *group->by_rank, compare_members);
}

struct groups *groups_new(const struct log_file *logs, int ranks)
{
    struct groups *groups = g_new0(struct groups, 1);
    groups->ranks = ranks;
    groups->of = g_hash_table_new(NULL, NULL);
    groups->list = g_ptr_array_new_with_free_func(free_group);
    for (int rank = 0; rank < ranks; rank++)
        for (size_t i = 0; i < logs[rank].count; i++)
            if (logs[rank].record[i].operation == LOG_MEMBER)
                add_member(groups, rank, &logs[rank], i);
    add_everybody(groups, LOG_WORLD);
    add_everybody(groups, LOG_RUN);
    for (guint i = 0; i < groups->list->len; i++)
        sort_members(groups->list->pdata[i]);
    return groups;
}

void groups_free(struct groups *groups)
{
    if (!groups)
        return;
    g_hash_table_destroy(groups->of);
    g_ptr_array_free(groups->list, TRUE);
    g_free(groups);
}

const struct group *groups_find(const struct groups *groups, uint64_t communicator)
{
    return g_hash_table_lookup(groups->of, GSIZE_TO_POINTER(communicator));
}

const GPtrArray *groups_all(const struct groups *groups)
{
    return groups->list;
}

const struct group_member *group_find(const struct group *group, int rank)
{
    const struct group_member sought = {.rank = rank};
    if (rank >= 0 && rank < group_size(group) && group->by_rank[rank].rank == rank)
        return &group->by_rank[rank]; /* all ranks are in it, or the first ones */
    return bsearch(&sought, group->by_rank, (size_t)group_size(group), sizeof sought,
                   compare_members);
}

bool group_has(const struct group *group, int rank)
{
    return group_find(group, rank) != NULL;
}

int group_size(const struct group *group)
{
    return group->size[0] + (group->sides == 2 ? group->size[1] : 0);
}

bool group_equals(const struct group *a, const struct group *b)
{
    if (group_size(a) != group_size(b))
        return false;
    for (int i = 0; i < group_size(a); i++)
        if (a->by_rank[i].rank != b->by_rank[i].rank)
            return false;
    return true;
}

/* ---- in words ------------------------------------------------------------------------------- */

static int compare(const void *left, const void *right)
{
    return *(const int *)left - *(const int *)right;
}

/* Are the members at the same distance from each other, and too many to list? */
static bool is_regular(const int *rank, int size)
{
    enum { FEW = 4 };
    if (size <= FEW || rank[0] == GROUP_UNKNOWN)
        return false;
    for (int i = 2; i < size; i++)
        if (rank[i] - rank[i - 1] != rank[1] - rank[0])
            return false;
    return true;
}

static void describe_side(const struct group *group, int side, GString *text)
{
    enum { MOST = 8 };
    const int size = group->size[side];
    g_autofree int *rank = g_memdup2(group->rank[side], (gsize)size * sizeof *rank);
    if (size > 0) /* else what its members say of it can't be */
        qsort(rank, (size_t)size, sizeof *rank, compare);
    const bool regular = is_regular(rank, size);
    g_string_append_c(text, '{');
    for (int i = 0; i < size; i++) {
        const bool last = i == size - 1;
        if (regular ? i >= 2 && !last : i >= MOST && !last) {
            if (i == (regular ? 2 : MOST))
                g_string_append(text, ", …");
            continue;
        }
        g_string_append(text, i > 0 ? ", " : "");
        if (rank[i] == GROUP_UNKNOWN)
            g_string_append_c(text, '?');
        else
            g_string_append_printf(text, "%d", rank[i]);
    }
    g_string_append_c(text, '}');
}

void group_describe(const struct group *group, int ranks, GString *text)
{
    if (group->sides == 1 && group->size[0] == ranks && ranks > 1 &&
        !group_has(group, GROUP_UNKNOWN)) {
        g_string_append(text, "all ranks");
        return;
    }
    describe_side(group, 0, text);
    if (group->sides == 2) {
        g_string_append(text, " with ");
        describe_side(group, 1, text);
    }
}

char *group_among(const struct group *group, int ranks)
{
    GString *text = g_string_new("among ");
    if (group)
        group_describe(group, ranks, text);
    else
        g_string_append(text, "ranks that no log names");
    return g_string_free(text, FALSE);
}
