/*
 * The diagnosis: which of the known ends was it? The candidates are tried from
 * the plainest to those that others could hide behind; the first that fits writes
 * the headline.
 */
#include "grader/diagnosis/diagnose.h"

#include "grader/diagnosis/diagnose_parts.h"
#include "grader/text/text.h"
#include "grader/trace/call_place.h"
#include "grader/trace/deadlock.h"
#include "grader/verdict/assignment.h"

#include <string.h>

/* MPI ends the program where a message does not fit, or writes behind the end of a buffer, so that any
 * rank crashes, sooner or later. The simulator ends by a signal, also where MPI itself would end with a
 * message. */
static bool sizes_differ(struct scene *scene, GString *headline, enum diagnosis_kind *kind)
{
    if (scene->outcome->end == RUN_FINISHED)
        return false;
    const enum first_end_kind end = diagnosis_first_end(scene->outcome).kind;
    if (scene_any_wait(scene, scene_wait_truncates, headline))
        *kind = DIAGNOSIS_TRUNCATION;
    else if (scene->outcome->simulated)
        *kind = scene_name_collectives(scene, headline);
    else
        *kind = end == FIRST_END_MESSAGE || end == FIRST_END_CRASH
                    ? scene_name_clash(scene, headline)
                    : DIAGNOSIS_NONE;
    return *kind != DIAGNOSIS_NONE;
}

/* Did the kit itself end the run, not MPI or the simulated machine in its place? Then no message's size
 * did. */
static bool is_kits_message(const struct scene *scene)
{
    const struct first_end end = diagnosis_first_end(scene->outcome);
    if (end.kind != FIRST_END_MESSAGE)
        return false;
    const char *text = scene->outcome->words[end.rank].text;
    return !g_regex_match_simple("^rank \\d+: (mpi_\\w+|MPI\\w*): ", text, G_REGEX_RAW, 0) &&
           !(scene->outcome->simulated && strstr(text, COLLECTIVES_CLASH));
}

/* The known mistake behind it, if the assignment knows one, and its own headline. */
static const struct mistake *find_mistake(const struct diagnosis *diagnosis, GString *cause)
{
    const struct assignment *assignment = diagnosis->scene->outcome->assignment;
    return assignment && assignment->mistake_of_hang ? assignment->mistake_of_hang(diagnosis, cause)
                                                     : NULL;
}

/* Does a known mistake explain why they wait in a circle? */
static bool circle_is_known(const struct diagnosis *diagnosis)
{
    g_autoptr(GString) cause = g_string_new(NULL);
    return diagnosis->scene->cycle->len > 0 && find_mistake(diagnosis, cause);
}

static enum diagnosis_kind find_kind(const struct diagnosis *diagnosis, struct scene *scene,
                                     GString *headline)
{
    const bool stopped = scene_was_stopped(scene->outcome);
    enum diagnosis_kind kind;
    if (scene_sanitizer_spoke(scene, headline))
        return DIAGNOSIS_SANITIZED;
    if (!is_kits_message(scene) && sizes_differ(scene, headline, &kind))
        return kind;
    if ((kind = scene_name_first_end(scene, headline)) != DIAGNOSIS_NONE)
        return kind;
    if (scene_crashed(scene, headline))
        return DIAGNOSIS_CRASHED;
    if (stopped && scene_outlives_its_end(scene, headline))
        return DIAGNOSIS_ENDLESS_LOOP;
    if (!stopped && scene_stopped_itself(scene, headline))
        return DIAGNOSIS_STOPPED_ITSELF;
    if (!stopped && scene->outcome->end != RUN_FAILED)
        return DIAGNOSIS_NONE;
    if (stopped && scene_waits_for_unknown_request(scene, headline))
        return DIAGNOSIS_UNKNOWN_REQUEST;
    if ((kind = scene_name_collectives(scene, headline)) != DIAGNOSIS_NONE)
        return kind;
    if (stopped && scene_goes_through_world(scene, headline))
        return DIAGNOSIS_THROUGH_WORLD;
    /* In a program that stopped half way some messages lie unreceived: no wonder, if a known
     * mistake explains the circle. */
    if (stopped && scene_any_wait(scene, scene_asks_twice, headline))
        return DIAGNOSIS_ASKED_TWICE;
    if (stopped && circle_is_known(diagnosis))
        return scene_name_circle(scene, headline);
    if (stopped && scene_any_wait(scene, scene_was_sent_twice, headline))
        return DIAGNOSIS_SENT_TWICE;
    if (stopped && scene_any_wait(scene, scene_tags_differ, headline))
        return DIAGNOSIS_TAG_MISMATCH;
    if (stopped && scene_any_wait(scene, scene_communicators_differ, headline))
        return DIAGNOSIS_COMMUNICATOR_MISMATCH;
    kind = stopped ? scene_name_circle(scene, headline) : DIAGNOSIS_NONE;
    return kind != DIAGNOSIS_NONE ? kind : scene_follow_chain(scene, headline);
}

/* All source lines in one go. */
static void look_up_lines(const struct scene *scene)
{
    g_autoptr(GPtrArray) records = g_ptr_array_new();
    for (int rank = 0; rank < scene->outcome->ranks; rank++) {
        const struct log_file *log = &scene->outcome->log[rank];
        const struct place *place = &scene->place[rank];
        if (place->call != NO_RECORD)
            g_ptr_array_add(records, &log->record[place->call]);
        if (place->computation != NO_RECORD)
            g_ptr_array_add(records, &log->record[place->computation]);
        for (guint i = 0; i < place->waits->len; i++) {
            size_t posted = g_array_index(place->waits, struct wait, i).posted;
            g_ptr_array_add(records, &log->record[scene_call_of(scene, rank, posted)]);
        }
    }
    call_place_prepare(scene->outcome->program, (const struct log_record *const *)records->pdata,
                       (int)records->len);
}

const char *diagnosis_kind_name(enum diagnosis_kind kind)
{
    static const char *const names[] = {
        [DIAGNOSIS_NONE] = "unknown",
        [DIAGNOSIS_SANITIZED] = "what a sanitizer found",
        [DIAGNOSIS_CRASHED] = "a crash",
        [DIAGNOSIS_STOPPED_ITSELF] = "stopped with a message",
        [DIAGNOSIS_TRUNCATION] = "count mismatch",
        [DIAGNOSIS_COLLECTIVES_DIFFER] = "different collectives",
        [DIAGNOSIS_GROUPS_DIFFER] = "a collective among other ranks",
        [DIAGNOSIS_THROUGH_WORLD] = "a message through MPI_COMM_WORLD",
        [DIAGNOSIS_TAG_MISMATCH] = "tag mismatch",
        [DIAGNOSIS_ASKED_TWICE] = "a message asked for twice",
        [DIAGNOSIS_SENT_TWICE] = "two messages with one tag",
        [DIAGNOSIS_COMMUNICATOR_MISMATCH] = "communicator mismatch",
        [DIAGNOSIS_BOTH_SEND_FIRST] = "both send first",
        [DIAGNOSIS_BOTH_RECEIVE_FIRST] = "both receive first",
        [DIAGNOSIS_CYCLE] = "a circle of sends and receives",
        [DIAGNOSIS_CROSSWISE] = "collectives crosswise",
        [DIAGNOSIS_WINDOW_HELD] = "a window that another rank holds",
        [DIAGNOSIS_COLLECTIVE_MISSING] = "a collective that one rank did not enter",
        [DIAGNOSIS_UNKNOWN_REQUEST] = "a request that no call has made",
        [DIAGNOSIS_REQUEST_NOT_WAITED] = "a request never waited for",
        [DIAGNOSIS_RANK_GONE] = "a rank at its end while others wait for it",
        [DIAGNOSIS_ENDED_EARLY] = "a rank that ended too early",
        [DIAGNOSIS_POLLING] = "polling for what never comes",
        [DIAGNOSIS_ENDLESS_LOOP] = "a rank that does not come back",
    };
    return names[kind];
}

static void describe_kind(struct diagnosis *diagnosis)
{
    GString *markdown = diagnosis->markdown;
    if (diagnosis->kind == DIAGNOSIS_NONE)
        return;
    g_autoptr(GString) cause = g_string_new(NULL);
    const struct mistake *mistake = find_mistake(diagnosis, cause);
    const struct collectives_fault *fault = diagnosis->scene->told;
    g_string_assign(diagnosis->look, mistake && mistake->look ? mistake->look
                                     : fault                  ? collectives_fault_look(fault->kind)
                                                              : diagnosis_look(diagnosis->kind));
    if (cause->len > 0) /* what is said of the kind in general would be beside the point */
        g_string_assign(diagnosis->headline, cause->str);
    else if (diagnosis_remedy(diagnosis->kind)[0] != '\0')
        g_string_append_printf(markdown, "Kind: **%s**. %s\n\n",
                               diagnosis_kind_name(diagnosis->kind),
                               diagnosis_remedy(diagnosis->kind));
    if (!mistake)
        return;
    g_string_assign(diagnosis->mistake, mistake->name);
    g_string_append_printf(markdown, "The mistake behind it may be **%s**: %s", mistake->name,
                           mistake->explanation);
    if (mistake->look)
        g_string_append_printf(markdown, " Look at %s%s", mistake->look,
                               g_str_has_suffix(mistake->look, "?") ? "" : ".");
    g_string_append(markdown, "\n\n");
}

static uint64_t smallest_send(const struct scene *scene)
{
    uint64_t smallest = 0;
    for (guint i = 0; i < scene->cycle->len; i++) {
        int rank = g_array_index(scene->cycle, int, i);
        const struct wait *wait =
            scene_wait_for_peer(scene, rank, scene_next_in_cycle(scene, rank));
        if (!wait || wait->kind != WAIT_SEND)
            continue;
        uint64_t bytes = MAX(1, scene->outcome->log[rank].record[wait->posted].bytes);
        smallest = smallest == 0 ? bytes : MIN(smallest, bytes);
    }
    return smallest;
}

struct diagnosis *diagnosis_new(const struct outcome *outcome, const char *picture_path,
                                bool *drawn)
{
    struct diagnosis *diagnosis = g_new0(struct diagnosis, 1);
    diagnosis->headline = g_string_new(NULL);
    diagnosis->markdown = g_string_new(NULL);
    diagnosis->mistake = g_string_new(NULL);
    diagnosis->look = g_string_new(NULL);
    diagnosis->cycle = g_array_new(FALSE, FALSE, sizeof(int));
    diagnosis->tails = g_array_new(FALSE, FALSE, sizeof(int));
    diagnosis->culprit = -1;
    if (drawn)
        *drawn = false;
    if (!outcome->log || outcome->ranks < 1)
        return diagnosis;
    struct scene *scene = scene_new(outcome);
    look_up_lines(scene);
    diagnosis->scene = scene;
    diagnosis->kind = find_kind(diagnosis, scene, diagnosis->headline);
    scene_find_tails(scene);
    describe_kind(diagnosis);
    if (diagnosis->kind == DIAGNOSIS_SANITIZED)
        scene_show_sanitizer(scene, diagnosis->markdown);
    scene_describe(scene, diagnosis->markdown);
    g_array_append_vals(diagnosis->cycle, scene->cycle->data, scene->cycle->len);
    g_array_append_vals(diagnosis->tails, scene->tails->data, scene->tails->len);
    diagnosis->sent = smallest_send(scene);
    diagnosis->culprit = scene->cycle->len > 0 ? -1 : scene->culprit;
    g_autofree char *title =
        g_strdup_printf("Who waits for whom: %s", diagnosis_kind_name(diagnosis->kind));
    bool picture = picture_path && scene_draw_graph(scene, title, picture_path);
    if (drawn)
        *drawn = picture;
    diagnosis->scene = NULL;
    scene_free(scene);
    return diagnosis;
}

void diagnosis_free(struct diagnosis *diagnosis)
{
    if (!diagnosis)
        return;
    g_string_free(diagnosis->headline, TRUE);
    g_string_free(diagnosis->markdown, TRUE);
    g_string_free(diagnosis->mistake, TRUE);
    g_string_free(diagnosis->look, TRUE);
    g_array_free(diagnosis->cycle, TRUE);
    g_array_free(diagnosis->tails, TRUE);
    g_free(diagnosis);
}

enum diagnosis_kind diagnosis_tell(const struct outcome *outcome, GString *headline,
                                   GString *markdown)
{
    struct diagnosis *diagnosis = diagnosis_new(outcome, NULL, NULL);
    enum diagnosis_kind kind = diagnosis->kind;
    if (headline)
        g_string_append(headline, diagnosis->headline->str);
    if (markdown)
        g_string_append(markdown, diagnosis->markdown->str);
    diagnosis_free(diagnosis);
    return kind;
}
