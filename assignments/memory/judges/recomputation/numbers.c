/* Compares bits, or numbers; see numbers.h. */
#include "assignments/memory/judges/recomputation/numbers.h"

#include "common/files/tensor_file.h"

#include <string.h>

/* What all ranks stored at one moment. */
struct moment {
    bool after;
    int step;
    struct wholes *wholes;
};

struct numbers {
    GArray *moments; /* of struct moment */
    /* On a GPU, whose rounding is another, AdamW makes whole steps of gradients that are nothing but rounding, as of the
     * bias of keys: what it made of parameters can't be compared, and gradients are. */
    bool only_gradients;
    bool on_gpu;
};

static bool read_moment(struct numbers *numbers, const struct outcome *run, bool after, int step,
                        struct verdict *verdict)
{
    const struct moment moment = {after, step,
                                  wholes_read(run, after ? "after" : "before", step, verdict)};
    if (moment.wholes)
        g_array_append_val(numbers->moments, moment);
    return moment.wholes != NULL;
}

struct numbers *numbers_read(const struct outcome *run, struct verdict *verdict)
{
    const struct options *options = &run->options;
    struct numbers *numbers = g_new0(struct numbers, 1);
    numbers->on_gpu = run->device != NULL;
    numbers->only_gradients = run->device && options->optimizer.kind == OPTIMIZER_ADAMW;
    numbers->moments = g_array_new(FALSE, FALSE, sizeof(struct moment));
    bool right = true;
    for (int i = 0; i < options->snapshots && right; i++)
        right = read_moment(numbers, run, false, options->snapshot[i], verdict);
    for (int i = 0; i < options->gradient_dumps && right; i++)
        right = read_moment(numbers, run, true, options->gradient_dump[i], verdict);
    if (right)
        return numbers;
    numbers_free(numbers);
    return NULL;
}

void numbers_free(struct numbers *numbers)
{
    if (!numbers)
        return;
    for (guint i = 0; i < numbers->moments->len; i++)
        wholes_free(g_array_index(numbers->moments, struct moment, i).wholes);
    g_array_unref(numbers->moments);
    g_free(numbers);
}

static const struct tensor *find(const struct numbers *numbers, const struct trial_tensor *due)
{
    for (guint i = 0; i < numbers->moments->len; i++) {
        const struct moment *moment = &g_array_index(numbers->moments, struct moment, i);
        if (moment->after != due->after || moment->step != due->step)
            continue;
        for (int f = 0; f < wholes_files(moment->wholes); f++) {
            const struct wholes_file *file = wholes_file(moment->wholes, f);
            const struct tensor *found = tensor_file_get(file->file, due->name);
            if (file->rank == due->rank && found)
                return found;
        }
    }
    return NULL;
}

/* Behind a GPU's first step its rounding is in the parameters: where few samples make a batch norm it grows. */
static struct tolerance tolerance_at(const struct numbers *numbers, const struct trial_tensor *due)
{
    struct tolerance allowed = tolerance_gradient();
    const double times = numbers->on_gpu && (due->step > 0 || !due->after) ? 100 : 1;
    allowed.absolute *= times;
    allowed.relative *= times;
    allowed.norm *= times;
    return allowed;
}

/* allowed: NULL: bit for bit. */
static bool are_alike(const struct tensor *found, const struct tensor *due,
                      const struct tolerance *allowed)
{
    if (!found || found->dtype != due->dtype || !shape_equal(found->shape, due->shape))
        return false;
    return allowed ? closeness_of(found, due, *allowed).close
                   : memcmp(found->data, due->data, tensor_bytes(due)) == 0;
}

const struct trial_tensor *numbers_first_other(const struct numbers *numbers,
                                               const struct trial *trial, bool exactly,
                                               const struct tensor **found)
{
    for (guint i = 0; i < trial->stored->len; i++) {
        const struct trial_tensor *due = recomputation_trial_tensor_at(trial, i);
        *found = find(numbers, due);
        if (numbers->only_gradients && !due->after)
            continue;
        const struct tolerance allowed = tolerance_at(numbers, due);
        if (!are_alike(*found, due->tensor, exactly ? NULL : &allowed))
            return due;
    }
    return NULL;
}

/* ---- in words ------------------------------------------------------------------------------------------ */

static int first_other_bits(const struct tensor *found, const struct tensor *due)
{
    int i = 0;
    while (i < due->count - 1 &&
           memcmp(tensor_floats(found) + i, tensor_floats(due) + i, sizeof(float)) == 0)
        i++;
    return i;
}

void numbers_fail(const struct trial_tensor *due, const struct tensor *found,
                  struct verdict *verdict)
{
    char place[SHAPE_TEXT_SIZE];
    const char *when = due->after ? "after" : "before";
    if (!found || found->dtype != due->tensor->dtype ||
        !shape_equal(found->shape, due->tensor->shape)) {
        evidence_fail(verdict, "rank %d stored no %s %s step %d, or one of another shape",
                      due->rank, due->name, when, due->step);
        return;
    }
    const struct closeness closeness = closeness_of(found, due->tensor, tolerance_gradient());
    if (closeness.close) {
        evidence_fail(
            verdict,
            "rank %d, %s %s step %d: the numbers are not those without recomputation, bit "
            "for bit, though nearly",
            due->rank, due->name, when, due->step);
        verdict->basis = BASIS_SYMPTOM;
        return;
    }
    if (closeness.not_finite > 0) {
        evidence_fail(
            verdict,
            "rank %d, %s %s step %d: %d of %d numbers are not finite, and all are without "
            "recomputation",
            due->rank, due->name, when, due->step, closeness.not_finite, closeness.count);
        return;
    }
    const int at = closeness.mismatched > 0 ? closeness.worst_absolute_at
                                            : first_other_bits(found, due->tensor);
    evidence_fail(
        verdict, "rank %d, %s %s step %d: the number at %s is %.6g, and %.6g without recomputation",
        due->rank, due->name, when, due->step, shape_place_text(due->tensor->shape, at, place),
        (double)tensor_floats(found)[at], (double)tensor_floats(due->tensor)[at]);
    verdict->basis = BASIS_SYMPTOM;
}
