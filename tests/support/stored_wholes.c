/* What ranks stored of wholes; see stored_wholes.h. */
#include "tests/support/stored_wholes.h"

#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

struct stored stored;
const char *const stored_names[STORED_WHOLES] = {"layers.0.weight", "layers.0.bias",
                                                 "layers.1.weight"};

void stored_setup(void)
{
    stored.run = logged_run_new(STORED_RANKS);
    stored.why = g_string_new(NULL);
    for (int r = 0; r < STORED_RANKS; r++) {
        script_put(&stored.run->script[r],
                   log_record_of_stage((struct log_stage){.stage = 0, .layers = 2}));
        script_step(&stored.run->script[r], LOG_STEP_BEGIN, 0);
        /* Made later, to compare with: it leaves no file. */
        script_put(&stored.run->script[r],
                   log_record_of_stage((struct log_stage){.stage = 1, .layers = 7}));
    }
    logged_run_end(stored.run);
}

void stored_teardown(void)
{
    g_string_free(stored.why, TRUE);
    logged_run_free(stored.run);
}

void stored_make(int w, struct shape shape)
{
    stored.original[w] = tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, shape);
    for (size_t i = 0; i < stored.original[w]->elements; i++)
        tensor_floats(stored.original[w])[i] = (float)(1000 * w) + (float)i;
}

void stored_begin(void)
{
    for (int r = 0; r < STORED_RANKS; r++)
        stored.file[r] = tensor_file_new();
}

void stored_free_originals(void)
{
    for (int w = 0; w < STORED_WHOLES; w++) {
        tensor_free(stored.original[w]);
        stored.original[w] = NULL;
    }
}

void stored_path(int rank, char path[256])
{
    snprintf(path, 256, "%s/rank-%d.stage-0.before-3.safetensors", stored.run->folder, rank);
}

void stored_write(void)
{
    for (int r = 0; r < STORED_RANKS; r++) {
        char error[TENSOR_FILE_ERROR_SIZE], path[256], rank[16];
        snprintf(rank, sizeof rank, "%d", r);
        stored_path(r, path);
        tensor_file_set_metadata(stored.file[r], "rank", rank);
        tensor_file_set_metadata(stored.file[r], "first_layer", "0");
        tensor_file_set_metadata(stored.file[r], "layers", "2");
        ck_assert_msg(tensor_file_write(stored.file[r], path, error), "%s", error);
        tensor_file_free(stored.file[r]);
    }
}

struct wholes *stored_read(void)
{
    struct verdict *verdict = verdict_new();
    struct wholes *wholes = wholes_read(&stored.run->outcome, "before", 3, verdict);
    ck_assert_msg(wholes != NULL, "%s", verdict->headline->str);
    verdict_free(verdict);
    return wholes;
}

void stored_put_changed(int r, int w, const struct slice *slice, float by)
{
    static int number;
    char name[32];
    snprintf(name, sizeof name, "tensor %d", number++);
    struct tensor *part =
        tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, slice_shape(slice));
    slice_copy_out(slice, stored.original[w], part);
    tensor_floats(part)[part->elements - 1] += by;
    tensor_file_add_slice(stored.file[r], name, part, stored_names[w], slice);
    tensor_free(part);
}

void stored_put(int r, int w, const struct slice *slice)
{
    stored_put_changed(r, w, slice, 0);
}

void stored_put_all(int r, int w)
{
    struct slice all = slice_all(stored.original[w]->shape);
    stored_put(r, w, &all);
}

const struct tensor *stored_assemble(struct wholes *wholes, int w, struct wholes_rules rules)
{
    g_string_truncate(stored.why, 0);
    return wholes_assemble(wholes, stored_names[w], DTYPE_FLOAT32, &stored.original[w]->shape,
                           rules, stored.why);
}

void stored_expect_original(struct wholes *wholes, int w, int copies)
{
    const struct tensor *found =
        stored_assemble(wholes, w, (struct wholes_rules){.copies = copies});
    ck_assert_msg(found != NULL, "%s", stored.why->str);
    ck_assert(shape_equal(found->shape, stored.original[w]->shape));
    ck_assert(!memcmp(found->data, stored.original[w]->data, tensor_bytes(found)));
    ck_assert_ptr_eq(found, wholes_tensor(wholes, stored_names[w]));
}

void stored_expect_fault(int w, struct wholes_rules rules, const char *says)
{
    stored_write();
    struct wholes *wholes = stored_read();
    ck_assert_ptr_null(stored_assemble(wholes, w, rules));
    ck_assert_ptr_null(wholes_tensor(wholes, stored_names[w]));
    ck_assert_str_eq(stored.why->str, says);
    wholes_free(wholes);
    stored_free_originals();
}

void stored_put_ranges(GRand *random, size_t lost_from, size_t lost_to)
{
    struct arena *arena = arena_new();
    size_t elements = 0, at = 0;
    for (int w = 0; w < STORED_WHOLES; w++) {
        struct slice all = slice_all(stored.original[w]->shape);
        arena_add(arena, stored_names[w], &all);
        elements += stored.original[w]->elements;
    }
    g_autofree float *flat = g_new(float, elements);
    for (int w = 0; w < STORED_WHOLES; at += stored.original[w++]->elements)
        memcpy(flat + at, stored.original[w]->data, tensor_bytes(stored.original[w]));
    for (int r = 0; r < STORED_RANKS; r++)
        tensor_file_set_arena(stored.file[r], "stage", arena);
    arena_free(arena);
    int number = 0;
    for (at = 0; at < elements;) {
        size_t length = (size_t)g_rand_int_range(random, 1, 40), end = MIN(elements, at + length);
        if (at < lost_from && end > lost_from)
            end = lost_from;
        if (at < lost_to && end > lost_to)
            end = lost_to;
        g_autofree char *name = g_strdup_printf("range %d", number++);
        struct tensor *part =
            tensor_new(MEMORY_WORKSPACE, DTYPE_FLOAT32, DEVICE_CPU, SHAPE((int)(end - at)));
        memcpy(part->data, flat + at, tensor_bytes(part));
        if (at < lost_from || at >= lost_to)
            tensor_file_add_range(stored.file[g_rand_int_range(random, 0, STORED_RANKS)], name,
                                  part, "stage", "", at);
        tensor_free(part);
        at = end;
    }
}
