/* What is run; see table.h. */
#include "assignments/memory/table/table.h"

#define BF16 .precision = DTYPE_BFLOAT16

const struct technique table_techniques[] = {
    {.name = "standard", .options = ""},
    {.name = "recompute layers", "--recompute layers", .recompute = RECOMPUTE_LAYERS},
    {.name = "recompute segments", "--recompute segments", .recompute = RECOMPUTE_SEGMENTS},
    {.name = "recompute attention", "--recompute attention", .recompute = RECOMPUTE_ATTENTION},
    {.name = "bfloat16", "--precision bfloat16", BF16},
    {.name = "ZeRO 1", "--zero 1", .zero = 1},
    {.name = "ZeRO 2", "--zero 2", .zero = 2},
    {.name = "ZeRO 3", "--zero 3", .zero = 3},
    {.name = "ZeRO 3, prefetch", "--zero 3 --prefetch", .zero = 3, .prefetches = true},
    {.name = "ZeRO 2, offload", "--zero 2 --offload optimizer", .zero = 2, .offloads = true},
    {.name = "bfloat16, recompute layers",
     "--precision bfloat16 --recompute layers",
     .recompute = RECOMPUTE_LAYERS,
     BF16},
    {.name = "ZeRO 1, bfloat16, recompute attention",
     "--zero 1 --precision bfloat16 --recompute attention",
     .zero = 1,
     .recompute = RECOMPUTE_ATTENTION,
     BF16},
    {.name = "ZeRO 2, bfloat16, offload, recompute layers",
     "--zero 2 --precision bfloat16 --offload optimizer --recompute layers",
     .zero = 2,
     .recompute = RECOMPUTE_LAYERS,
     .offloads = true,
     BF16},
    {.name = "ZeRO 3, bfloat16, prefetch",
     "--zero 3 --precision bfloat16 --prefetch",
     .zero = 3,
     .prefetches = true,
     BF16},
    {.name = "ZeRO 3, bfloat16, recompute layers",
     "--zero 3 --precision bfloat16 --recompute layers",
     .zero = 3,
     .recompute = RECOMPUTE_LAYERS,
     BF16},
};
const int table_technique_count = G_N_ELEMENTS(table_techniques);

static enum dtype precision_named(const char *name)
{
    return g_str_equal(name, "bfloat16")  ? DTYPE_BFLOAT16
           : g_str_equal(name, "float16") ? DTYPE_FLOAT16
                                          : DTYPE_FLOAT32;
}

/* Batch, rate and the like are no part of a technique. */
const struct technique *table_configured(const char *options)
{
    static struct technique one = {.name = "as configured"};
    GString *text = g_string_new(NULL);
    g_auto(GStrv) words = g_strsplit(options ? options : "", " ", -1);
    for (guint i = 0; i + 1 < g_strv_length(words); i++) {
        const char *word = words[i], *value = words[i + 1];
        if (g_str_equal(word, "--zero"))
            one.zero = value[0] - '0';
        else if (g_str_equal(word, "--precision"))
            one.precision = precision_named(value);
        else if (g_str_equal(word, "--offload")) {
            one.offloads = !g_str_equal(value, "nothing");
            one.offloads_parameters = g_str_equal(value, "parameters");
        } else if (!g_str_equal(word, "--clip"))
            continue;
        g_string_append_printf(text, "%s%s %s", text->len ? " " : "", word, value);
    }
    one.options = g_string_free(text, FALSE);
    return options && *options ? &one : NULL;
}
