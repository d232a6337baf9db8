/*
 * The diagnosis: which of the known ends was it? The candidates are tried from
 * the plainest to those that others could hide behind; the first that fits writes
 * the headline.
 */
#include "grader/diagnose.h"

#include "grader/diagnose_parts.h"
#include "grader/source_line.h"
#include "grader/text.h"

/* MPI ends the program where a message does not fit, and that may look like a crash of any rank.
 * The simulator ends by a signal, also where MPI itself would end with a message. */
static bool sizes_differ(const struct scene *scene, GString *headline, enum diagnosis_kind *kind)
{
    if (scene->outcome->end == RUN_FINISHED)
        return false;
    const bool simulated = scene->outcome->simulated;
    *kind = any_wait(scene, truncates, headline)               ? DIAGNOSIS_TRUNCATION
            : simulated && collectives_differ(scene, headline) ? DIAGNOSIS_COLLECTIVES_DIFFER
                                                               : DIAGNOSIS_NONE;
    return *kind != DIAGNOSIS_NONE;
}

static enum diagnosis_kind find_kind(struct scene *scene, GString *headline)
{
    const bool stopped = was_stopped(scene->outcome);
    enum diagnosis_kind kind;
    if (sizes_differ(scene, headline, &kind))
        return kind;
    if (crashed(scene, headline))
        return DIAGNOSIS_CRASHED;
    if (finalizes_early(scene, headline))
        return DIAGNOSIS_ENDED_EARLY;
    if (stopped && outlives_its_end(scene, headline))
        return DIAGNOSIS_ENDLESS_LOOP;
    if (!stopped && stopped_itself(scene, headline))
        return DIAGNOSIS_STOPPED_ITSELF;
    if (!stopped && scene->outcome->end != RUN_FAILED)
        return DIAGNOSIS_NONE;
    if (collectives_differ(scene, headline))
        return DIAGNOSIS_COLLECTIVES_DIFFER;
    /* In a schedule that stopped half way some messages lie unreceived: no wonder, if a known
     * mistake of its order explains the circle. */
    if (stopped && scene->cycle->len > 0 && known_hang(scene, DIAGNOSIS_CYCLE) != NULL)
        return circle(scene, headline);
    if (stopped && any_wait(scene, tags_differ, headline))
        return DIAGNOSIS_TAG_MISMATCH;
    if (stopped && any_wait(scene, communicators_differ, headline))
        return DIAGNOSIS_COMMUNICATOR_MISMATCH;
    kind = stopped ? circle(scene, headline) : DIAGNOSIS_NONE;
    return kind != DIAGNOSIS_NONE ? kind : chain(scene, headline);
}

/* All source lines in one go. */
static void look_up_lines(const struct scene *scene)
{
    GArray *callers = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    for (int rank = 0; rank < scene->outcome->ranks; rank++) {
        const struct log_file *log = &scene->outcome->log[rank];
        const struct place *place = &scene->place[rank];
        if (place->call != NO_RECORD)
            g_array_append_val(callers, log->record[place->call].caller);
        for (guint i = 0; i < place->waits->len; i++) {
            size_t posted = g_array_index(place->waits, struct wait, i).posted;
            g_array_append_val(callers, log->record[call_of(scene, rank, posted)].caller);
        }
    }
    source_line_prepare(scene->outcome->program, (const uint64_t *)(void *)callers->data,
                        (int)callers->len);
    g_array_free(callers, TRUE);
}

const char *diagnosis_kind_name(enum diagnosis_kind kind)
{
    static const char *const names[] = {
        [DIAGNOSIS_NONE] = "unknown",
        [DIAGNOSIS_CRASHED] = "a crash",
        [DIAGNOSIS_STOPPED_ITSELF] = "stopped with a message",
        [DIAGNOSIS_TRUNCATION] = "count mismatch",
        [DIAGNOSIS_COLLECTIVES_DIFFER] = "different collectives",
        [DIAGNOSIS_TAG_MISMATCH] = "tag mismatch",
        [DIAGNOSIS_COMMUNICATOR_MISMATCH] = "communicator mismatch",
        [DIAGNOSIS_BOTH_SEND_FIRST] = "both send first",
        [DIAGNOSIS_BOTH_RECEIVE_FIRST] = "both receive first",
        [DIAGNOSIS_CYCLE] = "a circle of sends and receives",
        [DIAGNOSIS_COLLECTIVE_MISSING] = "a collective that one rank did not enter",
        [DIAGNOSIS_REQUEST_NOT_WAITED] = "a request never waited for",
        [DIAGNOSIS_RANK_GONE] = "a rank at its end while others wait for it",
        [DIAGNOSIS_ENDED_EARLY] = "a rank that ended too early",
        [DIAGNOSIS_POLLING] = "polling for what never comes",
        [DIAGNOSIS_ENDLESS_LOOP] = "a rank that does not come back",
    };
    return names[kind];
}

void diagnosis_name_mistake(struct diagnosis *diagnosis, const char *name, const char *remedy)
{
    g_string_assign(diagnosis->mistake, name);
    g_autofree char *text =
        g_strdup_printf("The mistake behind it may be **%s**: %s\n\n", name, remedy);
    g_string_insert(diagnosis->markdown, (gssize)diagnosis->kind_length, text);
}

static void describe_kind(struct diagnosis *diagnosis, const struct known_hang *known,
                          GString *markdown)
{
    if (diagnosis->kind == DIAGNOSIS_NONE || remedy(diagnosis->kind)[0] == '\0')
        return;
    g_string_append_printf(markdown, "Kind: **%s**. %s\n\n", diagnosis_kind_name(diagnosis->kind),
                           remedy(diagnosis->kind));
    diagnosis->kind_length = markdown->len;
    if (known != NULL)
        diagnosis_name_mistake(diagnosis, known->name, known->remedy);
}

static uint64_t smallest_send(const struct scene *scene)
{
    uint64_t smallest = 0;
    for (guint i = 0; i < scene->cycle->len; i++) {
        int rank = g_array_index(scene->cycle, int, i);
        const struct wait *wait = wait_for_peer(scene, rank, next_in_cycle(scene, rank));
        if (wait == NULL || wait->kind != WAIT_SEND)
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
    diagnosis->cycle = g_array_new(FALSE, FALSE, sizeof(int));
    diagnosis->tails = g_array_new(FALSE, FALSE, sizeof(int));
    diagnosis->culprit = -1;
    if (drawn != NULL)
        *drawn = false;
    if (outcome->log == NULL || outcome->ranks < 1)
        return diagnosis;
    struct scene *scene = scene_new(outcome);
    look_up_lines(scene);
    diagnosis->kind = find_kind(scene, diagnosis->headline);
    find_tails(scene);
    const struct known_hang *known = known_hang(scene, diagnosis->kind);
    describe_kind(diagnosis, known, diagnosis->markdown);
    describe_scene(scene, diagnosis->markdown);
    g_array_append_vals(diagnosis->cycle, scene->cycle->data, scene->cycle->len);
    g_array_append_vals(diagnosis->tails, scene->tails->data, scene->tails->len);
    diagnosis->sent = smallest_send(scene);
    diagnosis->culprit = scene->cycle->len > 0 ? -1 : scene->culprit;
    g_autofree char *title =
        g_strdup_printf("Who waits for whom: %s", diagnosis_kind_name(diagnosis->kind));
    bool picture = picture_path != NULL && draw_graph(scene, title, picture_path);
    if (drawn != NULL)
        *drawn = picture;
    scene_free(scene);
    return diagnosis;
}

void diagnosis_free(struct diagnosis *diagnosis)
{
    if (diagnosis == NULL)
        return;
    g_string_free(diagnosis->headline, TRUE);
    g_string_free(diagnosis->markdown, TRUE);
    g_string_free(diagnosis->mistake, TRUE);
    g_array_free(diagnosis->cycle, TRUE);
    g_array_free(diagnosis->tails, TRUE);
    g_free(diagnosis);
}

enum diagnosis_kind diagnose(const struct outcome *outcome, GString *headline, GString *markdown)
{
    struct diagnosis *diagnosis = diagnosis_new(outcome, NULL, NULL);
    enum diagnosis_kind kind = diagnosis->kind;
    if (headline != NULL)
        g_string_append(headline, diagnosis->headline->str);
    if (markdown != NULL)
        g_string_append(markdown, diagnosis->markdown->str);
    diagnosis_free(diagnosis);
    return kind;
}
