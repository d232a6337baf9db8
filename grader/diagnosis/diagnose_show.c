/*
 * For the diagnosis: the graph of who waits for whom, as text and as a picture.
 */
#include "grader/diagnosis/diagnose_parts.h"
#include "grader/pictures/picture_waits.h"
#include "grader/text/text.h"
#include "grader/trace/call_place.h"

#include <inttypes.h>
#include <string.h>

#define MOST_LINES 64 /* of the text */

/* ---- as text ------------------------------------------------------------------------------------- */

/* "MPI_Allreduce {0, 1}" */
static void name_collective(const struct scene *scene, int rank, const struct wait *wait,
                            GString *text)
{
    const struct collective *collective = &scene->collectives->collective[wait->collective];
    const struct log_record *call =
        &scene->outcome->log[rank].record[collective_entered(collective, rank)];
    g_string_append(text, log_operation_name(call->operation));
    if (collective->group) {
        g_string_append_c(text, ' ');
        group_describe(collective->group, scene->outcome->ranks, text);
    }
    if (call->peer >= 0 && log_is_collective(call->operation))
        g_string_append_printf(text, ", root %d", call->peer);
}

/* "MPI_Send to rank 1, tag 5, 400000 bytes", with `between` in front of the tag. */
static void name_wait(const struct scene *scene, int rank, int peer, const struct wait *wait,
                      const char *between, GString *text)
{
    size_t call = scene_call_of(scene, rank, wait->posted);
    const struct log_record *record = &scene->outcome->log[rank].record[wait->posted];
    if (wait->kind == WAIT_COLLECTIVE) {
        name_collective(scene, rank, wait, text);
        return;
    }
    g_string_append(text, log_operation_name(scene->outcome->log[rank].record[call].operation));
    if (wait->kind == WAIT_WINDOW)
        return;
    g_string_append_printf(text, " %s ", wait->kind == WAIT_SEND ? "to" : "from");
    if (wait->peer == LOG_NO_PEER)
        g_string_append(text, "anybody");
    else
        g_string_append_printf(text, "rank %d", peer);
    if (record->tag == LOG_ANY_TAG)
        g_string_append_printf(text, "%sany tag", between);
    else
        g_string_append_printf(text, "%stag %d", between, record->tag);
    if (record->bytes > 0)
        g_string_append_printf(text, ", %" PRIu64 " bytes", record->bytes);
}

static char *label_of_arrow(const struct scene *scene, int rank, const struct wait *wait)
{
    const struct log_record *record = &scene->outcome->log[rank].record[wait->posted];
    if (wait->kind == WAIT_COLLECTIVE) {
        GString *text = g_string_new(NULL);
        name_collective(scene, rank, wait, text);
        return g_string_free(text, FALSE);
    }
    if (wait->kind == WAIT_WINDOW)
        return g_strdup(log_operation_name(wait->awaited));
    return record->tag == LOG_ANY_TAG ? g_strdup("any tag")
                                      : g_strdup_printf("tag %d", record->tag);
}

/* The calls, sizes and places are in the table. */
static void describe_arrow(const struct scene *scene, int rank, int peer, GString *text)
{
    const struct wait *wait = scene_wait_for_peer(scene, rank, peer);
    g_autofree char *label = label_of_arrow(scene, rank, wait);
    g_string_append_printf(text, "rank %d → rank %d   %s%s\n", rank, peer, label,
                           scene_next_in_cycle(scene, rank) == peer ? "   [cycle]" : "");
}

void scene_describe_graph(const struct scene *scene, GString *markdown)
{
    int lines = 0, circling = 0, ranks = scene->outcome->ranks;
    g_autoptr(GString) text = g_string_new(NULL);
    for (int pass = 0; pass < 2; pass++) /* the circles first */
        for (int rank = 0; rank < ranks; rank++)
            for (int peer = 0; peer < ranks; peer++) {
                bool in_cycle = scene_next_in_cycle(scene, rank) == peer;
                if (in_cycle != (pass == 0) || !scene_wait_for_peer(scene, rank, peer))
                    continue;
                circling += in_cycle;
                if (lines++ < MOST_LINES)
                    describe_arrow(scene, rank, peer, text);
            }
    /* circles have a line of their own that says it all */
    if (lines == circling)
        return;
    if (lines > MOST_LINES)
        g_string_append_printf(text, "and %d more\n", lines - MOST_LINES);
    g_string_append(markdown, "Who waits for whom:\n\n");
    text_append_code_block(markdown, text->str);
    g_string_append_c(markdown, '\n');
}

/* ---- as a picture ----------------------------------------------------------------------------------- */

/* The ranks to show: circles, culprit, tails and then the others, as far as there is room. */
static GArray *chosen(const struct scene *scene)
{
    GArray *ranks = g_array_new(FALSE, FALSE, sizeof(int));
    for (int pass = 0; pass < 4; pass++)
        for (int rank = 0; rank < scene->outcome->ranks; rank++) {
            bool wanted = pass == 0   ? scene_in_any_cycle(scene, rank)
                          : pass == 1 ? rank == scene->culprit
                          : pass == 2 ? scene_is_in(scene->tails, rank)
                                      : true;
            if (wanted && ranks->len < WAITS_MOST_NODES && !scene_is_in(ranks, rank))
                g_array_append_val(ranks, rank);
        }
    return ranks;
}

/* Where a call stands, without its function; "" if nothing is known. A new string. */
static char *line_of(const struct scene *scene, int rank, size_t call)
{
    const char *line =
        call_place_of(scene->outcome->program, &scene->outcome->log[rank].record[call]).line;
    return g_strndup(line, strcspn(line, " "));
}

/* The line of the call; of a request that was begun elsewhere that line, and that of what waits for it. */
static void add_places(const struct scene *scene, int rank, const struct wait *wait, GString *text)
{
    const size_t waiting = scene->place[rank].call;
    const size_t posted = wait && wait->kind != WAIT_COLLECTIVE && wait->kind != WAIT_WINDOW
                              ? scene_call_of(scene, rank, wait->posted)
                              : waiting;
    g_autofree char *line = line_of(scene, rank, waiting);
    g_autofree char *begun = line_of(scene, rank, posted);
    const char *name = log_operation_name(scene->outcome->log[rank].record[waiting].operation);
    if (posted == waiting) {
        if (line[0] != '\0')
            g_string_append_printf(text, "\n%s", line);
        return;
    }
    if (begun[0] != '\0')
        g_string_append_printf(text, "\nbegun at %s", begun);
    g_string_append_printf(text, "\nwaits in %s", name);
    if (line[0] != '\0')
        g_string_append_printf(text, "\nat %s", line);
}

static char *label_of(const struct scene *scene, int rank)
{
    const struct place *place = &scene->place[rank];
    static const char *const words[] = {[PLACE_NO_LOG] = "left no log",
                                        [PLACE_FINISHED] = "came to its end",
                                        [PLACE_COMPUTING] = "in a computation",
                                        [PLACE_BETWEEN_STEPS] = "at the end of its step",
                                        [PLACE_OUTSIDE] = "outside of MPI",
                                        [PLACE_IN_CALL] = "",
                                        [PLACE_POLLING] = ""};
    if (place->call == NO_RECORD)
        return g_strdup(words[place->state]);
    GString *text = g_string_new(NULL);
    const struct wait *first = NULL;
    for (int peer = 0; peer < scene->outcome->ranks; peer++) {
        const struct wait *wait = scene_wait_for_peer(scene, rank, peer);
        if (!wait || (first && scene_next_in_cycle(scene, rank) != peer))
            continue;
        first = wait;
        g_string_truncate(text, 0);
        name_wait(scene, rank, peer, wait, "\n", text);
    }
    if (!first)
        g_string_append(
            text, log_operation_name(scene->outcome->log[rank].record[place->call].operation));
    add_places(scene, rank, first, text);
    if (place->state == PLACE_POLLING)
        g_string_append(text, "\ntests again and again");
    return g_string_free(text, FALSE);
}

static enum waits_look look_of(const struct scene *scene, int rank)
{
    return scene_in_any_cycle(scene, rank)   ? WAITS_IN_CYCLE
           : rank == scene->culprit          ? WAITS_CULPRIT
           : scene_is_in(scene->tails, rank) ? WAITS_HELD_UP
                                             : WAITS_FREE;
}

bool scene_draw_graph(const struct scene *scene, const char *title, const char *path)
{
    g_autoptr(GArray) ranks = chosen(scene);
    struct waits_graph *graph = waits_graph_new();
    graph->left_out = scene->outcome->ranks - (int)ranks->len;
    for (int rank = 0; rank < scene->outcome->ranks; rank++) {
        if (!scene_is_in(ranks, rank))
            continue;
        waits_graph_add_node(graph, rank, look_of(scene, rank), label_of(scene, rank));
        for (int peer = 0; peer < scene->outcome->ranks; peer++) {
            const struct wait *wait = scene_wait_for_peer(scene, rank, peer);
            if (wait && scene_is_in(ranks, peer))
                waits_graph_add_arrow(graph, rank, peer, scene_next_in_cycle(scene, rank) == peer,
                                      label_of_arrow(scene, rank, wait));
        }
    }
    bool drawn = graph->arrows->len > 0 && waits_picture(graph, title, path, NULL);
    waits_graph_free(graph);
    return drawn;
}
