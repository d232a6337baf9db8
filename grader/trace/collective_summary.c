/*
 * The collectives of a step, summed up.
 */
#include "grader/trace/collective_summary.h"

/* A row that is added up. */
struct sum {
    struct collective_row row;
    int rank;           /* whose call was added last; -1: none's */
    uint64_t until;     /* what is in flight on that rank is counted up to there */
    GHashTable *last;   /* rank → how many collectives waited for it */
    GHashTable *blamed; /* the collectives that are in `last` */
    GHashTable *seen;   /* its collectives */
};

static char *group_name(const struct collective_calls *calls, const struct collective_call *call)
{
    const struct group *group = collective_call_group(calls, call);
    GString *name = g_string_new(NULL);
    if (group && group_size(group) > 0)
        group_describe(group, calls->ranks, name);
    else
        g_string_append(name, "ranks that no log names");
    return g_string_free(name, FALSE);
}

static void free_sum(gpointer data)
{
    struct sum *sum = data;
    g_hash_table_destroy(sum->last);
    g_hash_table_destroy(sum->blamed);
    g_hash_table_destroy(sum->seen);
    g_free(sum->row.group);
    g_free(sum);
}

/* Takes over the name of the group. */
static struct sum *new_sum(const struct collective_call *call, char *group)
{
    struct sum *sum = g_new0(struct sum, 1);
    sum->row = (struct collective_row){.group = group,
                                       .operation = call->operation,
                                       .nonblocking = call->nonblocking,
                                       .last = LOG_NO_PEER};
    sum->rank = -1;
    sum->last = g_hash_table_new(NULL, NULL);
    sum->blamed = g_hash_table_new(NULL, NULL);
    sum->seen = g_hash_table_new(NULL, NULL);
    return sum;
}

/* Several that are in flight at one time count once. */
static void add_flight(struct sum *sum, const struct collective_calls *calls,
                       const struct collective_call *call)
{
    uint64_t from = MAX(call->begin, sum->until);
    if (call->end <= from)
        return;
    sum->row.in_flight += (double)(call->end - from);
    sum->row.hidden += (double)collective_calls_computed(calls, call->rank, from, call->end);
    sum->until = call->end;
}

/* Each collective has one that came last, whoever of the others waited for it. */
static void add_last(struct sum *sum, const struct collective_call *call)
{
    gpointer collective = GINT_TO_POINTER(call->collective);
    g_hash_table_add(sum->seen, collective);
    if (call->waits_for == LOG_NO_PEER || !g_hash_table_add(sum->blamed, collective))
        return;
    gpointer key = GINT_TO_POINTER(call->waits_for);
    int times = GPOINTER_TO_INT(g_hash_table_lookup(sum->last, key)) + 1;
    g_hash_table_insert(sum->last, key, GINT_TO_POINTER(times));
    if (times > sum->row.times_last) {
        sum->row.last = call->waits_for;
        sum->row.times_last = times;
    }
}

static void add_call(struct sum *sum, const struct collective_calls *calls,
                     const struct collective_call *call)
{
    if (sum->rank != call->rank) {
        sum->rank = call->rank;
        sum->until = 0;
        sum->row.ranks++;
    }
    sum->row.calls++;
    sum->row.bytes += (double)call->bytes;
    sum->row.waiting += (double)call->waiting;
    sum->row.communicating += (double)call->communicating;
    sum->row.pending += call->ends == NO_RECORD;
    if (call->nonblocking)
        add_flight(sum, calls, call);
    add_last(sum, call);
}

/* Which groups have the same members; different groups may have one name, as that of a large one is
 * shortened. */
struct numbering {
    GHashTable *of_group;   /* struct group → number */
    GHashTable *of_members; /* in words, in ascending order → number */
};

static char *members_of(const struct group *group)
{
    GString *members = g_string_new(NULL);
    for (int i = 0; group && i < group_size(group); i++)
        g_string_append_printf(members, " %d", group->by_rank[i].rank);
    return g_string_free(members, FALSE);
}

/* From 1. */
static guint number_of(const struct numbering *numbering, const struct group *group)
{
    guint number = GPOINTER_TO_UINT(g_hash_table_lookup(numbering->of_group, group));
    if (number > 0)
        return number;
    char *members = members_of(group);
    number = GPOINTER_TO_UINT(g_hash_table_lookup(numbering->of_members, members));
    if (number == 0)
        number = g_hash_table_size(numbering->of_members) + 1;
    g_hash_table_insert(numbering->of_members, members, GUINT_TO_POINTER(number));
    g_hash_table_insert(numbering->of_group, (gpointer)group, GUINT_TO_POINTER(number));
    return number;
}

/* found: number of the group and operation → sum. */
static struct sum *find_sum(GHashTable *found, GPtrArray *sums, guint group,
                            const struct collective_calls *calls,
                            const struct collective_call *call)
{
    gpointer key = GSIZE_TO_POINTER((gsize)group * LOG_OPERATIONS + (gsize)call->operation);
    struct sum *sum = g_hash_table_lookup(found, key);
    if (sum)
        return sum;
    sum = new_sum(call, group_name(calls, call));
    g_ptr_array_add(sums, sum);
    g_hash_table_insert(found, key, sum);
    return sum;
}

static void clear_row(gpointer data)
{
    g_free(((struct collective_row *)data)->group);
}

GArray *collective_rows(const struct collective_calls *calls)
{
    GHashTable *found = g_hash_table_new(NULL, NULL);
    const struct numbering numbering = {
        g_hash_table_new(NULL, NULL), g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    GPtrArray *sums = g_ptr_array_new_with_free_func(free_sum);
    for (int i = 0; i < calls->count; i++) {
        const struct collective_call *call = &calls->call[i];
        const guint group = number_of(&numbering, collective_call_group(calls, call));
        add_call(find_sum(found, sums, group, calls, call), calls, call);
    }
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(struct collective_row));
    g_array_set_clear_func(rows, clear_row);
    for (guint i = 0; i < sums->len; i++) {
        struct sum *sum = sums->pdata[i];
        sum->row.collectives = (int)g_hash_table_size(sum->seen);
        g_array_append_val(rows, sum->row);
        sum->row.group = NULL; /* the row's, now */
    }
    g_ptr_array_unref(sums);
    g_hash_table_destroy(found);
    g_hash_table_destroy(numbering.of_group);
    g_hash_table_destroy(numbering.of_members);
    return rows;
}

void collective_rows_free(GArray *rows)
{
    g_array_unref(rows);
}
