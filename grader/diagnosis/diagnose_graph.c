/*
 * For the diagnosis: the graph of who waits for whom. Circles in it, and the
 * tails that lead into them, or to the rank that holds everybody up.
 */
#include "grader/diagnosis/diagnose_parts.h"

const struct wait *scene_wait_for_peer(const struct scene *scene, int rank, int peer)
{
    const GArray *waits = scene->place[rank].waits;
    const struct wait *anybody = NULL;
    for (guint i = 0; i < waits->len; i++) {
        const struct wait *wait = &g_array_index(waits, struct wait, i);
        if (wait->possible)
            continue;
        if (wait->peer == peer)
            return wait;
        if (wait->peer == LOG_NO_PEER && scene->anybody && peer != rank)
            anybody = wait;
    }
    return anybody;
}

bool scene_is_in(const GArray *ranks, int rank)
{
    for (guint i = 0; i < ranks->len; i++)
        if (g_array_index(ranks, int, i) == rank)
            return true;
    return false;
}

/* ---- circles ---------------------------------------------------------------------------------- */

bool scene_in_any_cycle(const struct scene *scene, int rank)
{
    bool found = scene_is_in(scene->cycle, rank);
    for (guint i = 0; i < scene->others->len; i++)
        found |= scene_is_in(scene->others->pdata[i], rank);
    return found;
}

/* The shortest way from `first` back to itself that touches no known cycle; its length, or 0.
 * way[] gets the ranks. */
static int way_back(const struct scene *scene, int first, int *way)
{
    int ranks = scene->outcome->ranks, head = 0, tail = 0, length = 0;
    int *from = g_new(int, (gsize)ranks), *queue = g_new(int, (gsize)ranks + 1);
    for (int rank = 0; rank < ranks; rank++)
        from[rank] = -1;
    queue[tail++] = first;
    while (head < tail && from[first] < 0) {
        int rank = queue[head++];
        for (int other = 0; other < ranks; other++)
            if (from[other] < 0 && !scene_in_any_cycle(scene, other) &&
                scene_wait_for_peer(scene, rank, other)) {
                from[other] = rank;
                if (other != first)
                    queue[tail++] = other;
            }
    }
    if (from[first] >= 0) {
        /* Backwards from `first` to `first`; then turn the way round. */
        int rank = first;
        do {
            way[length++] = rank;
            rank = from[rank];
        } while (rank != first);
        for (int i = 1, j = length - 1; i < j; i++, j--) {
            int other = way[i];
            way[i] = way[j];
            way[j] = other;
        }
    }
    g_free(from);
    g_free(queue);
    return length;
}

/* The shortest cycle among the ranks that are in none yet. */
static GArray *shortest_cycle(const struct scene *scene)
{
    int ranks = scene->outcome->ranks;
    GArray *found = g_array_new(FALSE, FALSE, sizeof(int));
    int *way = g_new(int, (gsize)ranks + 1);
    for (int rank = 0; rank < ranks; rank++) {
        int length = scene_in_any_cycle(scene, rank) ? 0 : way_back(scene, rank, way);
        if (length > 0 && (found->len == 0 || length < (int)found->len)) {
            g_array_set_size(found, 0);
            g_array_append_vals(found, way, (guint)length);
        }
        if (found->len == 1 || found->len == 2) /* it does not get shorter */
            break;
    }
    g_free(way);
    return found;
}

void scene_find_cycles(struct scene *scene)
{
    /* A receive from anybody waits for one of many: that counts only where nothing else does. */
    for (int pass = 0; pass < 2 && scene->cycle->len == 0; pass++) {
        scene->anybody = pass == 1;
        GArray *cycle = shortest_cycle(scene);
        g_array_free(scene->cycle, TRUE);
        scene->cycle = cycle;
    }
    scene->anybody = scene->anybody && scene->cycle->len > 0;
    while (scene->cycle->len > 0) {
        GArray *other = shortest_cycle(scene);
        if (other->len == 0) {
            g_array_free(other, TRUE);
            break;
        }
        g_ptr_array_add(scene->others, other);
    }
}

int scene_next_in_cycle(const struct scene *scene, int rank)
{
    for (guint c = 0; c <= scene->others->len; c++) {
        const GArray *cycle = c == 0 ? scene->cycle : scene->others->pdata[c - 1];
        for (guint i = 0; i < cycle->len; i++)
            if (g_array_index(cycle, int, i) == rank)
                return g_array_index(cycle, int, (i + 1) % cycle->len);
    }
    return -1;
}

/* ---- chains ------------------------------------------------------------------------------------- */

int scene_end_of_chain(const struct scene *scene, int rank)
{
    for (int steps = 0; steps <= scene->outcome->ranks; steps++) {
        int next = -1;
        for (int other = 0; other < scene->outcome->ranks && next < 0; other++)
            if (scene_wait_for_peer(scene, rank, other))
                next = other;
        if (next < 0)
            return rank;
        rank = next;
    }
    return rank;
}

void scene_find_tails(struct scene *scene)
{
    int ranks = scene->outcome->ranks;
    for (int rank = 0; rank < ranks && scene->cycle->len == 0 && scene->culprit < 0; rank++) {
        int end = scene_end_of_chain(scene, rank);
        if (end != rank)
            scene->culprit = end;
    }
    GArray *waiting = g_array_new(FALSE, TRUE, sizeof(bool));
    g_array_set_size(waiting, (guint)ranks);
    bool *waits = (bool *)waiting->data;
    for (bool more = true; more;) {
        more = false;
        for (int rank = 0; rank < ranks; rank++)
            for (int other = 0; other < ranks && !waits[rank]; other++) {
                bool blocked = waits[other] || scene_in_any_cycle(scene, other) ||
                               (scene->cycle->len == 0 && other == scene->culprit);
                if (blocked && rank != scene->culprit && scene_wait_for_peer(scene, rank, other))
                    waits[rank] = more = true;
            }
    }
    for (int rank = 0; rank < ranks; rank++)
        if (waits[rank] && !scene_in_any_cycle(scene, rank))
            g_array_append_val(scene->tails, rank);
    g_array_free(waiting, TRUE);
}
