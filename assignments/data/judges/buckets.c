/*
 * Judge "buckets".
 *
 * Run:       the probe that puts the layers of a model, and of parts of it, into buckets of many sizes.
 * Must hold: buckets are runs of layers, from the last layer to the first, and every layer is in one; begin and end are
 *            where its gradients are. Each has as many layers as fit, or closes as soon as it has bucket_bytes;
 *            in either case one at least. In which bucket layers without parameters are is free.
 * A failure: the first stage and size for which that does not hold, and what make_buckets says.
 */
#include "assignments/data/bucket_cases.h"
#include "assignments/data/judges/judges.h"
#include "assignments/data/probes.h"
#include "grader/evidence/probe_file.h"

struct found_bucket {
    int first_layer, layers;
    gint64 begin, end;
};

/* One call. */
struct found {
    int buckets;
    bool overrun;
    GArray *bucket; /* of struct found_bucket */
};

static const struct mistake
    first_layer_first = {"buckets begin with the first layer",
                         "The first bucket has the stage's first layer. In a backward the last "
                         "layer's gradient is there first, and the first layer's last.",
                         "the order in which layers go into buckets"},
    layer_left_out =
        {"a layer is in no bucket",
         "The buckets end before all layers are in one: what is in none is not averaged.",
         "layers without parameters, and the last bucket: is it counted when the loop ends?"},
    counts_numbers =
        {"a bucket's size is counted in numbers, not in bytes",
         "The buckets are what they should be if bucket_bytes were the number of gradients.",
         "the unit: a float has four bytes"},
    one_each = {"every layer has a bucket of its own",
                "Each layer with parameters is a bucket, whatever fits.",
                "when a layer joins the bucket before it"},
    one_for_all = {"all layers are in one bucket",
                   "There is one bucket, whatever bucket_bytes says.", "when a bucket is full"};

/* ---- reading -------------------------------------------------------------------------------------------- */

static bool read_number(const json_t *entry, const char *key, gint64 *number)
{
    const json_t *value = json_object_get(entry, key);
    *number = json_integer_value(value);
    return json_is_integer(value);
}

static bool read_call(const json_t *entry, struct found *found)
{
    const json_t *table = json_object_get(entry, "bucket");
    found->bucket = g_array_new(FALSE, TRUE, sizeof(struct found_bucket));
    if (!probe_file_int(entry, "buckets", &found->buckets) ||
        !probe_file_bool(entry, "overrun", &found->overrun) || !json_is_array(table))
        return false;
    for (size_t i = 0; i < json_array_size(table); i++) {
        const json_t *one = json_array_get(table, i);
        struct found_bucket bucket;
        if (!probe_file_int(one, "first_layer", &bucket.first_layer) ||
            !probe_file_int(one, "layers", &bucket.layers) ||
            !read_number(one, "begin", &bucket.begin) || !read_number(one, "end", &bucket.end))
            return false;
        g_array_append_val(found->bucket, bucket);
    }
    return true;
}

/* ---- which layers ------------------------------------------------------------------------------------------ */

static const struct found_bucket *bucket_at(const struct found *found, int i)
{
    return &g_array_index(found->bucket, struct found_bucket, i);
}

static bool layers_are_right(const struct bucket_case *one, const struct found *found,
                             GString *what, const struct mistake **mistake)
{
    int end = one->first_layer + one->layers;
    if (found->overrun || found->buckets < 1 || (guint)found->buckets != found->bucket->len) {
        g_string_append_printf(what,
                               "it returned %d%s: there is room for as many as there are layers, "
                               "and one at least is needed",
                               found->buckets, found->overrun ? ", and wrote more" : "");
        return false;
    }
    for (int i = 0; i < found->buckets; i++) {
        const struct found_bucket *bucket = bucket_at(found, i);
        /* They may be any numbers. */
        const gint64 its_end = (gint64)bucket->first_layer + bucket->layers;
        const bool follows =
            bucket->layers > 0 && its_end == end && bucket->first_layer >= one->first_layer;
        if (!follows) {
            g_string_append_printf(
                what, "bucket %d has %d layers from layer %d on, and should end with layer %d", i,
                bucket->layers, bucket->first_layer, end - 1);
            if (i == 0 && bucket->first_layer == one->first_layer && bucket->layers < one->layers)
                *mistake = &first_layer_first;
            else if (its_end < end)
                *mistake = &layer_left_out;
            return false;
        }
        end = bucket->first_layer;
    }
    if (end == one->first_layer)
        return true;
    g_string_append_printf(what, "the last bucket ends with layer %d, and the stage's first is %d",
                           end, one->first_layer);
    *mistake = &layer_left_out;
    return false;
}

static bool ranges_are_right(const struct model *model, const struct bucket_case *one,
                             const struct found *found, GString *what)
{
    for (int i = 0; i < found->buckets; i++) {
        const struct found_bucket *bucket = bucket_at(found, i);
        const gint64 begin = (gint64)model_parameter_count(model, one->first_layer,
                                                           bucket->first_layer - one->first_layer);
        const gint64 count =
            (gint64)model_parameter_count(model, bucket->first_layer, bucket->layers);
        if (count == 0 ? bucket->end == bucket->begin
                       : bucket->begin == begin && bucket->end == begin + count)
            continue;
        g_string_append_printf(
            what,
            "bucket %d, layers %d to %d, has the numbers %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
            " of the gradients, and its layers have %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
            i, bucket->first_layer, bucket->first_layer + bucket->layers - 1, bucket->begin,
            bucket->end - 1, begin, begin + count - 1);
        return false;
    }
    return true;
}

/* ---- how large ----------------------------------------------------------------------------------------------- */

/* The bytes of those buckets that have any. */
static int found_sizes(const struct found *found, size_t *sizes)
{
    int buckets = 0;
    for (int i = 0; i < found->buckets; i++) {
        const gint64 count = bucket_at(found, i)->end - bucket_at(found, i)->begin;
        if (count > 0)
            sizes[buckets++] = (size_t)count * sizeof(float);
    }
    return buckets;
}

static bool are_alike(const size_t *a, int as, const size_t *b, int bs)
{
    bool alike = as == bs;
    for (int i = 0; alike && i < as; i++)
        alike = a[i] == b[i];
    return alike;
}

static bool follows(const struct model *model, struct bucket_case one, size_t bytes,
                    const size_t *sizes, int buckets)
{
    g_autofree size_t *right = g_new(size_t, one.layers);
    one.bytes = bytes;
    for (int rule = 0; rule < BUCKET_RULES; rule++) {
        const int count = data_bucket_sizes(model, &one, (enum bucket_rule)rule, right);
        if (are_alike(sizes, buckets, right, count))
            return true;
    }
    return false;
}

static void append_sizes(GString *what, const size_t *sizes, int buckets)
{
    for (int i = 0; i < buckets; i++)
        g_string_append_printf(what, "%s%zu", i > 0 ? ", " : "", sizes[i]);
}

static bool sizes_are_right(const struct model *model, const struct bucket_case *one,
                            const struct found *found, GString *what,
                            const struct mistake **mistake)
{
    g_autofree size_t *sizes = g_new(size_t, one->layers), *right = g_new(size_t, one->layers);
    const int buckets = found_sizes(found, sizes);
    if (follows(model, *one, one->bytes, sizes, buckets))
        return true;
    g_string_append(what, "the buckets have ");
    append_sizes(what, sizes, buckets);
    g_string_append(what, " bytes, and should have ");
    append_sizes(what, right, data_bucket_sizes(model, one, BUCKETS_THAT_FIT, right));
    if (follows(model, *one, one->bytes * sizeof(float), sizes, buckets))
        *mistake = &counts_numbers;
    else if (follows(model, *one, 0, sizes, buckets))
        *mistake = &one_each;
    else if (buckets == 1)
        *mistake = &one_for_all;
    return false;
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

static bool judge_call(const struct model *model, const struct bucket_case *one,
                       const json_t *entry, struct verdict *verdict)
{
    struct found found = {0};
    const struct mistake *mistake = NULL;
    g_autoptr(GString) what = g_string_new(NULL);
    const bool readable = read_call(entry, &found);
    const bool right = readable && layers_are_right(one, &found, what, &mistake) &&
                       ranges_are_right(model, one, &found, what) &&
                       sizes_are_right(model, one, &found, what, &mistake);
    if (!readable)
        evidence_fail(verdict, "a result of " PROBE_BUCKETS " is not usable");
    else if (!right)
        evidence_fail(verdict, "make_buckets for layers %d to %d of %s, bucket_bytes = %zu: %s",
                      one->first_layer, one->first_layer + one->layers - 1, model->name, one->bytes,
                      what->str);
    if (mistake)
        verdict_name_mistake(verdict, mistake);
    g_array_unref(found.bucket);
    return right;
}

static void judge_run(const struct judgement *judgement, const struct outcome *run,
                      struct verdict *verdict)
{
    (void)judgement;
    if (!evidence_logs(run, verdict))
        return;
    struct model *model = evidence_model(run, verdict);
    json_t *root = model ? probe_file_read(run, PROBE_BUCKETS, BUCKET_CASES, verdict) : NULL;
    bool right = root != NULL;
    for (int i = 0; right && i < BUCKET_CASES; i++) {
        const struct bucket_case one = data_bucket_case(run->options.seed, model, i);
        right = judge_call(model, &one, json_array_get(root, (size_t)i), verdict);
    }
    json_decref(root);
    model_free(model);
}

void data_judge_buckets(const struct judgement *judgement, struct verdict *verdict)
{
    evidence_each_run(
        judgement, verdict, judge_run,
        "from the last layer to the first, every layer in one, as large as they should be");
}
