/* What is drawn at random for a run, and only settings that the program accepts. */
#include "assignments/pipeline/tests/random/setting.h"
#include "common/files/dataset.h"
#include "common/training/model.h"

#include <string.h>

#define MOST_RANKS         8
#define MOST_MICRO_BATCHES 12

static int draw(GRand *random, int lowest, int highest)
{
    return g_rand_int_range(random, lowest, highest + 1);
}

static bool chance(GRand *random, double of)
{
    return g_rand_double(random) < of;
}

static char *draw_data(GRand *random)
{
    char error[DATASET_ERROR_SIZE];
    int kind = draw(random, 0, 5);
    if (kind == 0 && dataset_present("cifar10", error))
        return g_strdup("cifar10");
    if (kind <= 2 && dataset_present("fashion-mnist", error))
        return g_strdup("fashion-mnist");
    if (kind == 3)
        return g_strdup("synthetic");
    int side = 4 * draw(random, 4, 9);
    return g_strdup_printf("synthetic:channels=%d,height=%d,width=%d,train=200,classes=%d",
                           draw(random, 1, 3), side, side, draw(random, 2, 20));
}

static const char *draw_norm(GRand *random)
{
    static const char *const norms[] = {"none", "none", "layer", "batch"};
    return norms[draw(random, 0, G_N_ELEMENTS(norms) - 1)];
}

static const char *draw_dropout(GRand *random)
{
    return chance(random, 0.3) ? ",dropout=0.2" : "";
}

static char *draw_model(GRand *random)
{
    int kind = draw(random, 0, 11);
    if (kind >= 10)
        return g_strdup_printf("resnet:depth=%d,width=%d", chance(random, 0.7) ? 8 : 14,
                               draw(random, 1, 6));
    if (kind <= 1)
        return g_strdup_printf("cnn:norm=%s", draw_norm(random));
    if (kind <= 4) {
        int heads = draw(random, 1, 4);
        bool blocks = chance(random, 0.4); /* one layer each */
        return g_strdup_printf("%s:depth=%d,width=%d,heads=%d%s", blocks ? "transformer" : "vit",
                               draw(random, blocks ? 2 : 1, blocks ? 10 : 4),
                               heads * draw(random, 3, 12), heads, draw_dropout(random));
    }
    const char *norm = draw_norm(random);
    const int deepest =
        strcmp(norm, "batch") == 0 ? 4 : 10; /* few samples, many norms: no calm seed */
    return g_strdup_printf("mlp:depth=%d,width=%d,norm=%s%s", draw(random, 1, deepest),
                           draw(random, 1, 96), norm, draw_dropout(random));
}

static char *draw_text(GRand *random)
{
    int tokens = draw(random, 2, 24);
    if (chance(random, 0.3))
        return g_strdup_printf("text:tokens=%d", tokens);
    return g_strdup_printf("synthetic-text:tokens=%d,vocabulary=%d,train=200", tokens,
                           draw(random, 2, 90));
}

/* A tied head is for one stage, and one layer makes no more. */
static char *draw_language_model(GRand *random)
{
    int heads = draw(random, 1, 4), depth = draw(random, 1, 8);
    return g_strdup_printf("gpt:depth=%d,width=%d,heads=%d%s%s", depth, heads * draw(random, 3, 12),
                           heads, depth == 1 && chance(random, 0.5) ? ",tied=1" : "",
                           draw_dropout(random));
}

/* How many layers the model has on this data; 0 if they don't go together. */
static int count_layers(const char *name, const char *data_set)
{
    struct data_shape data;
    char data_error[DATASET_ERROR_SIZE], error[MODEL_ERROR_SIZE];
    struct model *model = dataset_describe(data_set, &data, data_error)
                              ? model_new(name, data.input, data.classes, error)
                              : NULL;
    int layers = model ? model->layers : 0;
    model_free(model);
    return layers;
}

/* The naive step now and then, the others equally often. */
static const char *draw_schedule(GRand *random)
{
    static const char *const schedules[] = {
        "afab",      "afab",        "1f1b",        "1f1b",        "bounded",
        "pipedream", "zero-bubble", "interleaved", "interleaved", "naive"};
    return schedules[draw(random, 0, G_N_ELEMENTS(schedules) - 1)];
}

struct setting setting_draw(uint32_t seed)
{
    GRand *random = g_rand_new_with_seed(seed);
    const bool is_text = seed % 7 == 0;
    g_autofree char *data = is_text ? draw_text(random) : draw_data(random);
    g_autofree char *model = is_text ? draw_language_model(random) : draw_model(random);
    int layers = count_layers(model, data);
    while (layers == 0) {
        g_free(model);
        model = is_text ? draw_language_model(random) : draw_model(random);
        layers = count_layers(model, data);
    }
    struct setting setting = {.schedule = draw_schedule(random),
                              .simulated = chance(random, 0.5),
                              .arguments = g_string_new(NULL)};
    bool interleaved = strcmp(setting.schedule, "interleaved") == 0 && layers >= 2;
    if (strcmp(setting.schedule, "interleaved") == 0 && !interleaved)
        setting.schedule = "1f1b";
    int chunks = interleaved ? draw(random, 2, MIN(4, layers)) : 1;
    setting.ranks = draw(random, 1, MIN(MOST_RANKS, layers / chunks));
    /* Calm seeds are rare with many samples, and where a norm is over few. */
    bool is_cnn = strncmp(model, "cnn", 3) == 0 || strncmp(model, "resnet", 6) == 0;
    int least = strstr(model, "norm=batch") != NULL ? 6 : 1;
    int micro_batches = draw(random, 1, is_cnn ? 4 : MOST_MICRO_BATCHES);
    if (interleaved)
        micro_batches = setting.ranks * draw(random, 1, is_cnn || setting.ranks > 4 ? 1 : 3);
    int samples = draw(random, least, least + (is_cnn ? 2 : 6));
    bool uneven = layers % (setting.ranks * chunks) != 0 || chance(random, 0.2);
    bool pipedream = strcmp(setting.schedule, "pipedream") == 0;
    g_string_printf(setting.arguments,
                    "--schedule %s%s --model %s --data %s --batch %d --micro-batches %d --loss %s "
                    "--optimizer %s --steps 2 %s",
                    setting.schedule, uneven ? " --uneven" : "", model, data,
                    micro_batches * samples, micro_batches,
                    chance(random, 0.25) && !pipedream ? "mean" : "cross-entropy",
                    chance(random, 0.3) ? "adamw" : "sgd",
                    pipedream ? "--snapshots 0,1,2" : "--dump-gradients 0,1");
    if (interleaved)
        g_string_append_printf(setting.arguments, " --chunks %d", chunks);
    g_rand_free(random);
    return setting;
}

void setting_clear(struct setting *setting)
{
    g_string_free(setting->arguments, TRUE);
}
