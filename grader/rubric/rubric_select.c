/* Which checks a person means; see rubric_select.h. */
#include "grader/rubric/rubric_select.h"

#include "grader/rubric/rubric_lint.h"
#include "grader/text/nearest.h"
#include "grader/text/text.h"

#include <stdlib.h>
#include <string.h>

/* What was written, and the same in small letters with _ for -. */
struct word {
    const char *written;
    char *plain;
};

/* ---- tiers ------------------------------------------------------------------------------------ */

/* The word that a tier's title begins with, in small letters. */
static char *first_word(const struct rubric_tier *tier)
{
    gsize length = 0;
    while (g_ascii_isalpha(tier->name[length]))
        length++;
    return g_ascii_strdown(tier->name, (gssize)length);
}

/* "Tier 3 of 5": 3. Of titles without one: which among those that begin with the same word. */
static int number_of_tier(const struct rubric *rubric, int tier)
{
    g_autofree char *own = first_word(RUBRIC_TIERS(rubric, tier));
    const int named = atoi(RUBRIC_TIERS(rubric, tier)->name + strlen(own));
    int number = 1;
    for (int t = 0; t < tier && named <= 0; t++) {
        g_autofree char *other = first_word(RUBRIC_TIERS(rubric, t));
        number += strcmp(own, other) == 0;
    }
    return named > 0 ? named : number;
}

static bool is_only_one(const struct rubric *rubric, int tier)
{
    g_autofree char *own = first_word(RUBRIC_TIERS(rubric, tier));
    for (guint t = 0; t < rubric->tiers->len; t++) {
        g_autofree char *other = first_word(RUBRIC_TIERS(rubric, t));
        if ((int)t != tier && strcmp(own, other) == 0)
            return false;
    }
    return true;
}

char *rubric_tier_word(const struct rubric *rubric, int tier)
{
    g_autofree char *own = first_word(RUBRIC_TIERS(rubric, tier));
    const bool numbered = atoi(RUBRIC_TIERS(rubric, tier)->name + strlen(own)) > 0;
    return numbered || !is_only_one(rubric, tier)
               ? g_strdup_printf("%s%d", own, number_of_tier(rubric, tier))
               : g_steal_pointer(&own);
}

/* ---- what may be meant ---------------------------------------------------------------------------- */

static bool is_every(const struct rubric *rubric, const struct rubric_check *check,
                     const struct word *word)
{
    (void)rubric, (void)check;
    return strcmp(word->plain, "all") == 0;
}

static bool has_name(const struct rubric *rubric, const struct rubric_check *check,
                     const struct word *word)
{
    (void)rubric;
    return g_ascii_strcasecmp(check->name, word->plain) == 0;
}

static bool is_in_tier(const struct rubric *rubric, const struct rubric_check *check,
                       const struct word *word)
{
    g_autofree char *own = first_word(RUBRIC_TIERS(rubric, check->tier));
    if (!*own || !g_str_has_prefix(word->plain, own))
        return false;
    const char *rest = word->plain + strlen(own);
    rest += *rest == '_';
    return *rest == '\0' || (strspn(rest, "0123456789") == strlen(rest) &&
                             atoi(rest) == number_of_tier(rubric, check->tier));
}

static bool answers_question(const struct rubric *rubric, const struct rubric_check *check,
                             const struct word *word)
{
    (void)rubric;
    g_autofree char *question = g_ascii_strup(word->plain, -1);
    return rubric_lists_question(check->question, question) ||
           rubric_lists_question(check->heading, question);
}

/* Is a file of the rubric, "file.c" or "another/file.c", the one that was written, with or without folders? */
static bool is_file(const struct rubric *rubric, const char *file, const char *written)
{
    g_autofree char *whole =
        strchr(file, '/') ? g_strdup(file) : g_strconcat(rubric->assignment, "/", file, NULL);
    g_autofree char *name = g_path_get_basename(whole);
    g_autofree char *behind = g_strconcat("/", whole, NULL);
    return g_ascii_strcasecmp(written, name) == 0 || g_ascii_strcasecmp(written, whole) == 0 ||
           (strlen(written) > strlen(behind) &&
            g_ascii_strcasecmp(written + strlen(written) - strlen(behind), behind) == 0);
}

static bool is_about(const struct rubric *rubric, const struct rubric_check *check,
                     const struct word *word)
{
    for (int i = 0; i < rubric_check_abouts(check); i++)
        if (is_file(rubric, rubric_check_about(check, i), word->written))
            return true;
    return false;
}

static bool needs_file(const struct rubric *rubric, const struct rubric_check *check,
                       const struct word *word)
{
    for (guint i = 0; i < check->files->len; i++)
        if (is_file(rubric, check->files->pdata[i], word->written))
            return true;
    return false;
}

/* Does the name have the word behind its beginning or a _, and before its end, a _ or, if any may follow, anything? */
static bool has_from_boundary(const char *name, const char *word, bool any_follows)
{
    const size_t length = strlen(word);
    for (const char *from = name; from; from = strchr(from, '_') ? strchr(from, '_') + 1 : NULL)
        if (g_ascii_strncasecmp(from, word, length) == 0 &&
            (any_follows || from[length] == '_' || from[length] == '\0'))
            return true;
    return false;
}

static bool has_parts(const struct rubric *rubric, const struct rubric_check *check,
                      const struct word *word)
{
    (void)rubric;
    return has_from_boundary(check->name, word->plain, false);
}

static bool has_beginning(const struct rubric *rubric, const struct rubric_check *check,
                          const struct word *word)
{
    (void)rubric;
    return strlen(word->plain) > 1 && has_from_boundary(check->name, word->plain, true);
}

static bool fits_pattern(const struct rubric *rubric, const struct rubric_check *check,
                         const struct word *word)
{
    (void)rubric;
    g_autofree char *name = g_ascii_strdown(check->name, -1);
    return strpbrk(word->plain, "*?") && g_pattern_match_simple(word->plain, name);
}

typedef bool (*way)(const struct rubric *rubric, const struct rubric_check *check,
                    const struct word *word);

/* Marks what a word means by the first way that fits a check. False: it means nothing. */
static bool mark(const struct rubric *rubric, const struct word *word, bool *marked)
{
    static const way ways[] = {has_name,   is_every,  is_in_tier,    answers_question, is_about,
                               needs_file, has_parts, has_beginning, fits_pattern};
    bool fits = false;
    for (gsize w = 0; w < G_N_ELEMENTS(ways) && !fits; w++)
        for (guint i = 0; i < rubric->checks->len; i++)
            if (ways[w](rubric, RUBRIC_CHECKS(rubric, i), word))
                fits = marked[i] = true;
    return fits;
}

/* ---- what means nothing ------------------------------------------------------------------------------ */

/* All that may be chosen by name: checks and tiers, and files by a word with a dot. Of char *. */
static GPtrArray *all_words(const struct rubric *rubric, const struct word *word)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < rubric->checks->len; i++)
        g_ptr_array_add(words, g_strdup(RUBRIC_CHECKS(rubric, i)->name));
    for (guint i = 0; i < rubric->files->len && strchr(word->written, '.'); i++)
        g_ptr_array_add(words, g_strdup(RUBRIC_FILES(rubric, i)->name));
    for (guint t = 0; t < rubric->tiers->len; t++)
        g_ptr_array_add(words, rubric_tier_word(rubric, (int)t));
    g_ptr_array_add(words, NULL);
    return words;
}

/* Appends where else a check of that name is: people forget ASSIGNMENT. */
static void append_elsewhere(const struct rubric *rubric, const char *path, const char *name,
                             GString *error)
{
    g_autofree char *own = g_path_get_dirname(path);
    g_autofree char *assignments = g_path_get_dirname(own);
    g_autoptr(GDir) folder = g_dir_open(assignments, 0, NULL);
    for (const char *other; folder && (other = g_dir_read_name(folder));)
        if (strcmp(other, rubric->assignment) != 0 && rubric_has_check_beside(path, other, name))
            g_string_append_printf(error, "; %s has one: ASSIGNMENT=%s", other, other);
}

static void complain(const struct rubric *rubric, const char *path, const struct word *word,
                     GString *error)
{
    g_autoptr(GPtrArray) all = all_words(rubric, word);
    g_autofree char *name = text_clean_name(word->written);
    g_string_append_printf(error, "%s has no check \"%s\"", rubric->assignment, name);
    append_elsewhere(rubric, path, word->plain, error);
    text_append_meant(error, word->plain, (const char *const *)all->pdata);
    g_string_append_c(error, '\n');
}

/* ---- all words -------------------------------------------------------------------------------------- */

static bool is_number(const char *text)
{
    return text && *text && strspn(text, "0123456789") == strlen(text);
}

/* The words, of char *; "tier 3" is one. */
static GPtrArray *split(const char *words)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) parts = g_strsplit_set(words, ",; \t\n", -1);
    for (char **part = parts; *part; part++) {
        if (**part == '\0')
            continue;
        const char *before = list->len > 0 ? list->pdata[list->len - 1] : "";
        if (is_number(*part) && *before && !strpbrk(before, "0123456789")) {
            char *whole = g_strconcat(before, *part, NULL);
            g_free(list->pdata[list->len - 1]);
            list->pdata[list->len - 1] = whole;
        } else {
            g_ptr_array_add(list, g_strdup(*part));
        }
    }
    return list;
}

GPtrArray *rubric_select(const struct rubric *rubric, const char *path, const char *words,
                         GString *error)
{
    g_autoptr(GPtrArray) list = split(words);
    g_autofree bool *marked = g_new0(bool, rubric->checks->len + 1);
    const gsize before = error->len;
    if (list->len == 0)
        g_string_append(error, "no check is named\n");
    for (guint i = 0; i < list->len; i++) {
        g_autofree char *plain = g_ascii_strdown(list->pdata[i], -1);
        const struct word word = {list->pdata[i], g_strdelimit(plain, "-", '_')};
        if (!mark(rubric, &word, marked))
            complain(rubric, path, &word, error);
    }
    if (error->len > before)
        return NULL;
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < rubric->checks->len; i++)
        if (marked[i])
            g_ptr_array_add(names, RUBRIC_CHECKS(rubric, i)->name);
    return names;
}
