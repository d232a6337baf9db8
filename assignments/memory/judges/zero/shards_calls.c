/* What --probe shards left behind; see shards_calls.h. */
#include "assignments/memory/judges/zero/shards_calls.h"

#include "common/files/tensor_file.h"
#include "grader/evidence/probe_file.h"

/* ---- what `shard` says -------------------------------------------------------------------------- */

static int place(const json_t *list, int i)
{
    const json_t *value = json_array_get(list, (size_t)i);
    const json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;
    return number < 0 || number > INT_MAX ? -1 : (int)number;
}

struct shards_range *memory_zero_read_asked(const struct outcome *run, struct verdict *verdict)
{
    enum { ENTRIES = SHARD_MOST_RANKS * SHARD_COUNTS };
    json_t *root = probe_file_read(run, "probe-shards.json", ENTRIES, verdict);
    if (!root)
        return NULL;
    struct shards_range *of = g_new0(struct shards_range, ENTRIES * SHARD_MOST_RANKS);
    for (int i = 0; i < ENTRIES; i++) {
        const json_t *entry = json_array_get(root, (size_t)i);
        for (int rank = 0; rank < SHARD_MOST_RANKS; rank++)
            of[i * SHARD_MOST_RANKS + rank] =
                (struct shards_range){place(json_object_get(entry, "begin"), rank),
                                      place(json_object_get(entry, "end"), rank)};
    }
    json_decref(root);
    return of;
}

/* ---- calls ------------------------------------------------------------------------------------------ */

static void call_free(void *data)
{
    struct shards_call *call = data;
    for (int i = 0; i < SHARD_MOST_RANKS; i++) {
        g_free(call->of[i].reduced);
        g_free(call->of[i].gathered);
    }
    g_free(call);
}

static float *numbers_of(const struct tensor_file *file, const char *what, int number, int count)
{
    g_autofree char *name = g_strdup_printf("%s-%d", what, number);
    const struct tensor *tensor = count > 0 ? tensor_file_get(file, name) : NULL;
    if (count > 0 && (!tensor || tensor->dtype != DTYPE_FLOAT32 || tensor->count != count))
        return NULL;
    return count > 0 ? g_memdup2(tensor->data, (gsize)count * sizeof(float)) : g_new0(float, 1);
}

/* Ranks that call together, and a rank's place among them: of a half, the highest first. */
static int members_of(const struct outcome *run, const struct shard_call *call, int rank,
                      int *member)
{
    int members = 0;
    *member = 0;
    for (int other = 0; other < run->ranks; other++) {
        const bool together = !call->of_half || other % 2 == rank % 2;
        members += together;
        *member += together && (call->of_half ? other > rank : other < rank);
    }
    return members;
}

static bool read_call(const struct outcome *run, const struct tensor_file *file,
                      const json_t *entry, int rank, GPtrArray *calls, struct verdict *verdict)
{
    int number, member;
    struct shards_part part = {0};
    const bool usable = probe_file_int(entry, "call", &number) && number >= 0 &&
                        number < SHARD_CALLS && probe_file_int(entry, "begin", &part.range.begin) &&
                        probe_file_int(entry, "end", &part.range.end) &&
                        probe_file_int(entry, "changed", &part.changed);
    const struct shard_call is = shard_call_of(run->ranks, usable ? number : 0);
    const int members = members_of(run, &is, rank, &member), count = (int)is.count;
    if (usable && 0 <= part.range.begin && part.range.begin <= part.range.end &&
        part.range.end <= count) {
        part.reduced = numbers_of(file, "reduced", number, part.range.end - part.range.begin);
        part.gathered = numbers_of(file, "gathered", number, count);
    }
    if (!part.reduced || !part.gathered) {
        g_free(part.reduced);
        g_free(part.gathered);
        evidence_fail(verdict, "rank %d's evidence lacks what one of its calls gave", rank);
        return false;
    }
    struct shards_call *call = g_ptr_array_index(calls, number * 2 + (is.of_half ? rank % 2 : 0));
    call->is = is;
    call->members = members;
    const bool twice = call->of[member].reduced != NULL;
    if (twice) {
        g_free(part.reduced);
        g_free(part.gathered);
        evidence_fail(verdict, "rank %d's evidence has a call twice", rank);
    } else {
        call->of[member] = part;
    }
    return !twice;
}

static bool read_rank(const struct outcome *run, int rank, GPtrArray *calls,
                      struct verdict *verdict)
{
    char error[TENSOR_FILE_ERROR_SIZE];
    g_autofree char *name = g_strdup_printf("probe-shards-%d.json", rank);
    g_autofree char *path = g_strdup_printf("%s/probe-shards-%d.safetensors", run->folder, rank);
    struct tensor_file *file = tensor_file_read(path, MEMORY_WORKSPACE, error);
    json_t *root = probe_file_read(run, name, SHARD_CALLS, verdict);
    bool right = root != NULL && file != NULL;
    if (root && !file)
        evidence_fail(verdict, "%s", error);
    for (int i = 0; right && i < SHARD_CALLS; i++)
        right = read_call(run, file, json_array_get(root, (size_t)i), rank, calls, verdict);
    json_decref(root);
    if (file)
        tensor_file_free(file);
    return right;
}

GPtrArray *memory_zero_read_calls(const struct outcome *run, struct verdict *verdict)
{
    GPtrArray *calls = g_ptr_array_new_with_free_func(call_free);
    if (run->ranks > SHARD_MOST_RANKS - 1) {
        evidence_fail(verdict, "too many ranks for this probe");
        g_ptr_array_unref(calls);
        return NULL;
    }
    for (int i = 0; i < 2 * SHARD_CALLS; i++)
        g_ptr_array_add(calls, g_new0(struct shards_call, 1));
    for (int rank = 0; rank < run->ranks; rank++)
        if (!read_rank(run, rank, calls, verdict)) {
            g_ptr_array_unref(calls);
            return NULL;
        }
    return calls;
}
