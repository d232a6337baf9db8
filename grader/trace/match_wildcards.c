/*
 * For the matching: receives from anybody, or with any tag, that never completed. Which message they would have
 * taken nobody knows; here it is the first that is left and fits.
 *
 * The sends stand in lists, by whom they are for and in which communicator, and by these and the sender, or
 * the tag. A list is gone through once, whatever is asked: what others have taken meanwhile is passed over.
 */
#include "grader/trace/match_halves.h"

#include <string.h>

/* Of the members that do not count for it, nothing but 0 is in a key. */
struct key {
    uint64_t communicator;
    int32_t to, from, tag;
    int32_t by_sender, by_tag; /* 1: it counts */
    int32_t unused;            /* keys are compared byte by byte */
};

struct list {
    GArray *sends; /* of int, as halves are numbered */
    guint next;
};

struct matching_wildcards {
    GArray *halves;
    GHashTable *lists; /* struct key → struct list */
};

static guint hash(gconstpointer pointer)
{
    const unsigned char *byte = pointer;
    guint value = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < sizeof(struct key); i++)
        value = (value ^ byte[i]) * 16777619u;
    return value;
}

static gboolean equal(gconstpointer left, gconstpointer right)
{
    return memcmp(left, right, sizeof(struct key)) == 0;
}

static void free_list(gpointer pointer)
{
    struct list *list = pointer;
    g_array_free(list->sends, TRUE);
    g_free(list);
}

static struct key key_of(uint64_t communicator, int to, int from, bool by_sender, int tag,
                         bool by_tag)
{
    struct key key;
    memset(&key, 0, sizeof key);
    key.communicator = communicator;
    key.to = to;
    key.from = by_sender ? from : 0;
    key.tag = by_tag ? tag : 0;
    key.by_sender = by_sender;
    key.by_tag = by_tag;
    return key;
}

static void add(GHashTable *lists, struct key key, int send)
{
    struct list *list = g_hash_table_lookup(lists, &key);
    if (!list) {
        list = g_new0(struct list, 1);
        list->sends = g_array_new(FALSE, FALSE, sizeof(int));
        g_hash_table_insert(lists, g_memdup2(&key, sizeof key), list);
    }
    g_array_append_val(list->sends, send);
}

struct matching_wildcards *matching_wildcards_new(GArray *halves)
{
    struct matching_wildcards *wildcards = g_new0(struct matching_wildcards, 1);
    wildcards->halves = halves;
    wildcards->lists = g_hash_table_new_full(hash, equal, g_free, free_list);
    for (int i = 0; i < (int)halves->len; i++) {
        const struct half *send = matching_half(halves, i);
        if (!send->is_send || send->ignored)
            continue;
        for (int which = 0; which < 3; which++)
            add(wildcards->lists,
                key_of(send->communicator, send->peer, send->rank, which == 1, send->tag,
                       which == 2),
                i);
    }
    return wildcards;
}

void matching_wildcards_free(struct matching_wildcards *wildcards)
{
    if (!wildcards)
        return;
    g_hash_table_destroy(wildcards->lists);
    g_free(wildcards);
}

struct half *matching_wildcards_send_for(struct matching_wildcards *wildcards,
                                         const struct half *receive, GHashTable *taken)
{
    const struct key key =
        key_of(receive->communicator, receive->rank, receive->peer, receive->peer != LOG_ANY_SOURCE,
               receive->tag, receive->tag != LOG_ANY_TAG);
    struct list *list = g_hash_table_lookup(wildcards->lists, &key);
    for (; list && list->next < list->sends->len; list->next++) {
        struct half *send =
            matching_half(wildcards->halves, g_array_index(list->sends, int, list->next));
        if (!g_hash_table_contains(taken, send))
            return send;
    }
    return NULL;
}
