/* Reading what all ranks stored; see wholes.h. wholes_assemble.c puts it together. */
#include "grader/evidence/wholes_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A model has some thousands of them at most. */
#define MOST_TENSORS 20000

/* ---- files ------------------------------------------------------------------------------------- */

static void file_free(gpointer data)
{
    struct wholes_file *file = data;
    tensor_file_free(file->file);
    g_free(file);
}

bool wholes_file_number(const struct wholes_file *file, const char *key, gint64 *number)
{
    const char *text = tensor_file_metadata(file->file, key);
    return text && g_ascii_string_to_signed(text, 10, 0, G_MAXINT64, number, NULL);
}

static bool number_is(const struct wholes_file *file, const char *key, int expected)
{
    gint64 number;
    return wholes_file_number(file, key, &number) && number == expected;
}

static bool read_file(struct wholes *wholes, struct wholes_file *file, struct verdict *verdict)
{
    char error[TENSOR_FILE_ERROR_SIZE];
    g_autofree char *path =
        g_strdup_printf("%s/rank-%d.stage-%d.%s-%d.safetensors", wholes->run->folder, file->rank,
                        file->stage, wholes->when, wholes->step);
    file->file = tensor_file_read(path, MEMORY_WORKSPACE, error);
    if (!file->file)
        evidence_fail(verdict, "rank %d left no usable tensors %s step %d: %s", file->rank,
                      wholes->when, wholes->step, error);
    else if (tensor_file_count(file->file) > MOST_TENSORS)
        evidence_fail(verdict, "rank %d stored %d tensors %s step %d; %d are read at most",
                      file->rank, tensor_file_count(file->file), wholes->when, wholes->step,
                      MOST_TENSORS);
    else if (!number_is(file, "rank", file->rank) ||
             !number_is(file, "first_layer", file->first_layer) ||
             !number_is(file, "layers", file->layers))
        evidence_fail(verdict,
                      "the tensors of rank %d (stage %d) %s step %d do not state the rank and "
                      "the layers that its log states",
                      file->rank, file->stage, wholes->when, wholes->step);
    else
        return true;
    return false;
}

/* ---- parts ------------------------------------------------------------------------------------- */

static void whole_free(gpointer data)
{
    struct whole *whole = data;
    g_array_unref(whole->parts);
    tensor_free(whole->tensor);
    g_free(whole->name);
    g_free(whole);
}

static struct whole *whole_of(struct wholes *wholes, const char *name)
{
    struct whole *whole = g_hash_table_lookup(wholes->named, name);
    if (whole)
        return whole;
    whole = g_new0(struct whole, 1);
    whole->name = g_strdup(name);
    whole->parts = g_array_new(FALSE, TRUE, sizeof(struct whole_part));
    g_ptr_array_add(wholes->all, whole);
    g_hash_table_insert(wholes->named, whole->name, whole);
    return whole;
}

bool wholes_file_has_layer(const struct wholes_file *file, int layer)
{
    return layer >= file->first_layer && (gint64)layer < (gint64)file->first_layer + file->layers;
}

/* Is it of the model's first parameter, which a layer of the stage works with, too? */
static bool is_tied_copy(const struct wholes *wholes, const struct wholes_file *file,
                         const char *whole)
{
    struct verdict *unsaid = verdict_new();
    struct model *model = evidence_model(wholes->run, unsaid);
    verdict_free(unsaid);
    if (!model)
        return false;
    bool tied = false;
    for (int l = 0; l < model->layers; l++)
        tied = tied || (model->layer[l].tied && wholes_file_has_layer(file, l));
    g_autofree char *name = g_strdup_printf("layers.0.%s", model->layer[0].parameter[0].name);
    const size_t length = strlen(name);
    model_free(model);
    return tied && g_str_has_prefix(whole, name) && (whole[length] == '\0' || whole[length] == '.');
}

/* A stage's file tells of the stage's layers only. */
static bool is_of_stage(const struct wholes *wholes, const struct wholes_file *file,
                        const char *whole, struct verdict *verdict)
{
    int layer;
    if (sscanf(whole, "layers.%d.", &layer) != 1 || wholes_file_has_layer(file, layer) ||
        is_tied_copy(wholes, file, whole))
        return true;
    evidence_fail(verdict, "rank %d stored %s, but its stage has layers %d to %d only", file->rank,
                  whole, file->first_layer, file->first_layer + file->layers - 1);
    return false;
}

static bool take_parts(struct wholes *wholes, const struct wholes_file *file,
                       struct verdict *verdict)
{
    for (int i = 0; i < tensor_file_count(file->file); i++) {
        char error[TENSOR_FILE_ERROR_SIZE];
        int count;
        struct tensor_part *parts = tensor_file_parts(file->file, i, &count, error);
        if (!parts) {
            evidence_fail(verdict, "rank %d left no usable tensors %s step %d: %s", file->rank,
                          wholes->when, wholes->step, error);
            return false;
        }
        bool right = true;
        for (int k = 0; k < count && right; k++) {
            struct whole_part part = {file, tensor_file_at(file->file, i), parts[k]};
            right = is_of_stage(wholes, file, parts[k].whole, verdict);
            if (right)
                g_array_append_val(whole_of(wholes, parts[k].whole)->parts, part);
        }
        free(parts);
        if (!right)
            return false;
    }
    return true;
}

/* ---- all of them ------------------------------------------------------------------------------- */

static bool is_known(const struct wholes *wholes, int rank, int stage)
{
    for (guint i = 0; i < wholes->file->len; i++) {
        const struct wholes_file *file = g_ptr_array_index(wholes->file, i);
        if (file->rank == rank && file->stage == stage)
            return true;
    }
    return false;
}

/* Stages made later, to compare with, leave no files. */
static bool read_rank(struct wholes *wholes, int rank, struct verdict *verdict)
{
    const struct log_file *log = &wholes->run->log[rank];
    for (size_t i = 0; i < log->count && log->record[i].operation != LOG_STEP_BEGIN; i++) {
        if (log->record[i].operation != LOG_STAGE)
            continue;
        struct log_stage fact = log_stage(&log->record[i]);
        if (is_known(wholes, rank, fact.stage))
            continue;
        struct wholes_file *file = g_new(struct wholes_file, 1);
        *file = (struct wholes_file){rank,        fact.stage,           fact.first_layer,
                                     fact.layers, fact.parameter_bytes, NULL};
        g_ptr_array_add(wholes->file, file);
        if (!read_file(wholes, file, verdict) || !take_parts(wholes, file, verdict))
            return false;
    }
    return true;
}

struct wholes *wholes_read(const struct outcome *run, const char *when, int step,
                           struct verdict *verdict)
{
    struct wholes *wholes = g_new0(struct wholes, 1);
    wholes->run = run;
    wholes->when = when;
    wholes->step = step;
    wholes->file = g_ptr_array_new_with_free_func(file_free);
    wholes->all = g_ptr_array_new_with_free_func(whole_free);
    wholes->named = g_hash_table_new(g_str_hash, g_str_equal);
    for (int rank = 0; rank < run->ranks; rank++)
        if (!read_rank(wholes, rank, verdict)) {
            wholes_free(wholes);
            return NULL;
        }
    return wholes;
}

void wholes_free(struct wholes *wholes)
{
    if (!wholes)
        return;
    g_hash_table_unref(wholes->named);
    g_ptr_array_unref(wholes->all);
    g_ptr_array_unref(wholes->file);
    g_free(wholes);
}

int wholes_files(const struct wholes *wholes)
{
    return (int)wholes->file->len;
}

const struct wholes_file *wholes_file(const struct wholes *wholes, int index)
{
    return g_ptr_array_index(wholes->file, index);
}

int wholes_count(const struct wholes *wholes)
{
    return (int)wholes->all->len;
}

const struct whole *wholes_at(const struct wholes *wholes, int index)
{
    return g_ptr_array_index(wholes->all, index);
}

const struct whole *wholes_find(const struct wholes *wholes, const char *name)
{
    return g_hash_table_lookup(wholes->named, name);
}

const struct tensor *wholes_tensor(const struct wholes *wholes, const char *name)
{
    const struct whole *whole = wholes_find(wholes, name);
    return whole ? whole->tensor : NULL;
}

int wholes_rank_of_layer(const struct wholes *wholes, int layer)
{
    for (guint i = 0; i < wholes->file->len; i++) {
        const struct wholes_file *file = g_ptr_array_index(wholes->file, i);
        if (wholes_file_has_layer(file, layer))
            return file->rank;
    }
    return -1;
}

/* ---- who has an element ------------------------------------------------------------------------ */

struct sought {
    size_t element;
    bool found;
};

static void look_for(size_t in_part, size_t in_whole, size_t length, void *user)
{
    struct sought *sought = user;
    (void)in_part;
    sought->found |= sought->element >= in_whole && sought->element < in_whole + length;
}

int whole_holder(const struct whole *whole, size_t element)
{
    for (guint i = 0; i < whole->parts->len; i++) {
        const struct whole_part *part = whole_part_at(whole, i);
        struct sought sought = {element, false};
        slice_walk(&part->is.slice, part->is.first, part->is.count, look_for, &sought);
        if (sought.found)
            return part->from->rank;
    }
    return -1;
}

/* ---- for those who compare ----------------------------------------------------------------------- */

bool wholes_can_be_compared(struct wholes *wholes, const char *name, const struct shape *shape,
                            GString *why)
{
    const struct tolerance any = {.relative = 0, .absolute = INFINITY, .norm = INFINITY};
    if (!wholes_assemble(wholes, name, DTYPE_FLOAT32, shape,
                         (struct wholes_rules){.closeness = &any, .finite = true}, why))
        return false;
    const struct whole *whole = wholes_find(wholes, name);
    bool can = true;
    for (guint i = 0; i < whole->parts->len; i++) {
        const struct whole_part *part = whole_part_at(whole, i);
        if (shape_equal(part->tensor->shape, slice_shape(&part->is.slice)))
            continue;
        g_string_printf(why, "rank %d stored %s as pieces of flat ranges", part->from->rank, name);
        can = false;
    }
    return can;
}

bool whole_is_of_a_bias(const char *name)
{
    return g_str_has_suffix(name, ".bias") || strstr(name, ".bias.") != NULL;
}
