/* class similarity; see similarity.h. */
#include "class/similarity/similarity.h"

#include "class/similarity/comparison.h"
#include "class/students/class.h"

#include <stdio.h>

/* Pairs whose pieces are looked for, of those with the most fingerprints in common; and those with pages. */
enum { MOST_SETTLED = 2000, MOST_PAGES = 100 };

struct words {
    char *out, *assignment, *earlier, *kit, *from;
    int gram, window, folds, few, pages;
    double common;
    gboolean quiet;
};

static bool read_words(int argc, char **argv, struct words *words)
{
    GOptionEntry entries[] = {
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &words->out, "the folder of the class", "FOLDER"},
        {"assignment", 'a', 0, G_OPTION_ARG_STRING, &words->assignment, "which one", "NAME"},
        {"earlier", 'e', 0, G_OPTION_ARG_FILENAME, &words->earlier,
         "programs of earlier years and known ones, a folder each, or folders of classes",
         "FOLDER"},
        {"from", 0, 0, G_OPTION_ARG_FILENAME, &words->from,
         "compare the programs in this folder, a folder each, in place of a class's", "FOLDER"},
        {"kit", 0, 0, G_OPTION_ARG_FILENAME, &words->kit, "the kit (.)", "FOLDER"},
        {"gram", 0, 0, G_OPTION_ARG_INT, &words->gram, "tokens of a fingerprint", "N"},
        {"window", 0, 0, G_OPTION_ARG_INT, &words->window, "of so many in a row one is kept", "N"},
        {"folds", 0, 0, G_OPTION_ARG_INT, &words->folds, "what is taken for equal (how.h)", "BITS"},
        {"common", 0, 0, G_OPTION_ARG_DOUBLE, &words->common,
         "what more than this share of the class has is nobody's own", "SHARE"},
        {"few", 0, 0, G_OPTION_ARG_INT, &words->few, "and more than so many of it", "N"},
        {"pages", 0, 0, G_OPTION_ARG_INT, &words->pages, "pairs that get a page", "N"},
        {NULL, 0, 0, 0, NULL, NULL, NULL}};
    g_autoptr(GOptionContext) context =
        g_option_context_new("- compares the programs of a class with each other");
    g_autoptr(GError) wrong = NULL;
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &wrong) || !words->out || argc > 1) {
        fprintf(stderr, "class similarity: %s\n",
                wrong ? wrong->message : "which class? --out FOLDER");
        return false;
    }
    if (words->gram < 2 || words->gram > 200 || words->window < 1 || words->window > 200 ||
        words->few < 1 || words->pages < 0 || !(words->common > 0)) {
        fprintf(stderr, "class similarity: --gram and --window are 2 to 200, --common, --few and "
                        "--pages not negative\n");
        return false;
    }
    if (words->from && !words->assignment) {
        fprintf(stderr, "class similarity: --from needs --assignment NAME\n");
        return false;
    }
    return true;
}

static bool gather(const struct words *words, struct comparison *comparison, GString *error)
{
    if (words->from) {
        comparison->sources = g_ptr_array_new_with_free_func((GDestroyNotify)source_free);
        if (!sources_of_earlier(words->from, words->assignment, comparison->sources, error))
            return false;
        for (guint i = 0; i < comparison->sources->len; i++)
            SOURCE(comparison->sources, i)->earlier = false;
    } else {
        comparison->sources = sources_of_class(words->out, comparison->assignment, error);
    }
    if (!comparison->sources)
        return false;
    comparison->of_class = comparison->sources->len;
    if (words->earlier && *words->earlier &&
        !sources_of_earlier(words->earlier, comparison->assignment, comparison->sources, error))
        return false;
    comparison->earlier = comparison->sources->len - comparison->of_class;
    return true;
}

static void compare(const struct words *words, struct comparison *comparison)
{
    const struct similarity_how *how = &comparison->how;
    g_autoptr(GHashTable) names =
        similarity_kit_names(words->kit ? words->kit : ".", comparison->assignment);
    g_autoptr(GArray) given =
        similarity_kit_runs(words->kit ? words->kit : ".", comparison->assignment, how, names);
    for (guint i = 0; i < comparison->sources->len; i++)
        source_take_tokens(SOURCE(comparison->sources, i), how, names);
    g_autoptr(GArray) common = sources_common(comparison->sources, how);
    for (guint i = 0; i < comparison->sources->len; i++)
        source_take_prints(SOURCE(comparison->sources, i), how, given, common);
    comparison->pairs = pairs_new(comparison->sources);
    pairs_settle(comparison->pairs, MOST_SETTLED, how);
    comparison->shown = MIN(comparison->pairs->len, (guint)words->pages);
    comparison->half = pairs_quantile(comparison->pairs, comparison->sources, 0.5);
    comparison->most = pairs_quantile(comparison->pairs, comparison->sources, 0.99);
    comparison->second_opinion =
        similarity_ask_second_opinion(comparison->pairs, comparison->shown);
}

static void tell(const struct comparison *comparison, const char *folder)
{
    guint same = 0, look = 0;
    for (guint i = 0; i < comparison->pairs->len; i++) {
        const struct pair *pair = PAIR(comparison->pairs, i);
        same += pair->same_program;
        look += !pair->same_program && pair->regions && pair->share >= SIMILARITY_LOOK;
    }
    printf("%s: %u programs and %u earlier ones compared; %u pairs are the same program but for "
           "names, comments and layout, %u "
           "share %.0f%% or more, "
           "which is a reason to look and to talk and no verdict: %s/index.html\n",
           comparison->assignment, comparison->of_class, comparison->earlier, same, look,
           100 * SIMILARITY_LOOK, folder);
}

static bool compare_one(const struct words *words, const char *title, const char *assignment,
                        bool several, GString *error)
{
    struct comparison comparison = {
        .assignment = assignment,
        .title = title,
        .how = {words->gram, words->window, words->common, words->few, (unsigned)words->folds}};
    g_autofree char *folder =
        g_build_filename(words->out, "similarity", several ? assignment : NULL, NULL);
    bool done = gather(words, &comparison, error);
    if (done) {
        compare(words, &comparison);
        done = similarity_write(&comparison, folder, error);
    }
    if (done)
        tell(&comparison, folder);
    g_clear_pointer(&comparison.pairs, g_ptr_array_unref);
    g_clear_pointer(&comparison.sources, g_ptr_array_unref);
    return done;
}

static bool compare_all(const struct words *words, GString *error)
{
    struct class *class = words->from ? NULL : class_read(words->out, error);
    if (!class && !words->from)
        return false;
    const char *title = class && class->title ? class->title : "";
    bool done = true;
    if (words->assignment)
        done = compare_one(words, title, words->assignment, false, error);
    for (guint i = 0; !words->assignment && i < class->assignments->len; i++)
        done = compare_one(words, title, class->assignments->pdata[i], class->assignments->len > 1,
                           error) &&
               done;
    class_free(class);
    return done;
}

int similarity_command(int argc, char **argv)
{
    struct words words = {.gram = SIMILARITY_GRAM,
                          .window = SIMILARITY_WINDOW,
                          .folds = FOLDS_ALL,
                          .common = SIMILARITY_COMMON,
                          .few = SIMILARITY_FEW,
                          .pages = MOST_PAGES};
    int status = COMMAND_USAGE;
    if (read_words(argc, argv, &words)) {
        g_autoptr(GString) error = g_string_new(NULL);
        status = compare_all(&words, error) ? COMMAND_DONE : COMMAND_FAILED;
        fputs(error->str, stderr);
    }
    g_free(words.out);
    g_free(words.assignment);
    g_free(words.earlier);
    g_free(words.kit);
    g_free(words.from);
    return status;
}
