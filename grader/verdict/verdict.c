/* Verdicts: made, set, explained, freed. */
#include "grader/verdict/judge.h"

const char *culprit_name(enum culprit culprit)
{
    static const char *const names[] = {[CULPRIT_NOBODY] = "nobody",
                                        [CULPRIT_SUBMISSION] = "the submission",
                                        [CULPRIT_MACHINE] = "the machine",
                                        [CULPRIT_KIT] = "the kit",
                                        [CULPRIT_UNKNOWN] = "unknown"};
    return names[culprit];
}

const char *culprit_sentence(enum culprit culprit)
{
    return culprit == CULPRIT_UNKNOWN ? "Whose fault that is the grader can't tell."
                                      : "This is not the submission's fault.";
}

struct verdict *verdict_new(void)
{
    struct verdict *verdict = g_new0(struct verdict, 1);
    verdict->kind = VERDICT_NOT_JUDGED;
    verdict->headline = g_string_new(NULL);
    verdict->explanation = g_string_new(NULL);
    verdict->mistake = g_string_new(NULL);
    verdict->look = g_string_new(NULL);
    verdict->remark = g_string_new(NULL);
    verdict->pictures = g_ptr_array_new_with_free_func(g_free);
    verdict->picture_words = g_ptr_array_new_with_free_func(g_free);
    return verdict;
}

void verdict_free(struct verdict *verdict)
{
    if (!verdict)
        return;
    g_string_free(verdict->headline, TRUE);
    g_string_free(verdict->explanation, TRUE);
    g_string_free(verdict->mistake, TRUE);
    g_string_free(verdict->look, TRUE);
    g_string_free(verdict->remark, TRUE);
    g_ptr_array_free(verdict->pictures, TRUE);
    g_ptr_array_free(verdict->picture_words, TRUE);
    g_free(verdict);
}

static void set(struct verdict *verdict, enum verdict_kind kind, enum culprit culprit,
                const char *format, va_list list)
{
    verdict->kind = kind;
    verdict->culprit = culprit;
    verdict->basis = BASIS_SEEN;
    verdict->spoils = false;
    g_string_vprintf(verdict->headline, format, list);
    g_strdelimit(verdict->headline->str, "\r\n\t", ' '); /* a program's own words may be in it */
}

void verdict_set(struct verdict *verdict, enum verdict_kind kind, const char *format, ...)
{
    static const enum culprit culprits[] = {[VERDICT_PASS] = CULPRIT_NOBODY,
                                            [VERDICT_FAIL] = CULPRIT_SUBMISSION,
                                            [VERDICT_NOT_JUDGED] = CULPRIT_KIT};
    va_list list;
    va_start(list, format);
    set(verdict, kind, culprits[kind], format, list);
    va_end(list);
}

void verdict_not_judged(struct verdict *verdict, enum culprit culprit, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    set(verdict, VERDICT_NOT_JUDGED, culprit, format, list);
    va_end(list);
}

void verdict_explain(struct verdict *verdict, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    g_string_append_vprintf(verdict->explanation, format, list);
    va_end(list);
}

void verdict_look(struct verdict *verdict, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    g_string_vprintf(verdict->look, format, list);
    va_end(list);
}

void verdict_name_mistake(struct verdict *verdict, const struct mistake *mistake)
{
    g_string_assign(verdict->mistake, mistake->name);
    verdict_explain(verdict, "\n**This fits a known mistake: %s.** %s\n", mistake->name,
                    mistake->explanation);
    if (!mistake->look)
        return;
    verdict_explain(verdict, "\nLook at %s%s\n", mistake->look,
                    g_str_has_suffix(mistake->look, "?") ? "" : ".");
    g_string_assign(verdict->look, mistake->look);
}

void verdict_take_over(struct verdict *verdict, const struct verdict *from)
{
    verdict_set(verdict, from->kind, "%s", from->headline->str);
    verdict->culprit = from->culprit;
    verdict->basis = from->basis;
    verdict->spoils = from->spoils;
    g_string_assign(verdict->explanation, from->explanation->str);
    g_string_assign(verdict->mistake, from->mistake->str);
    g_string_assign(verdict->look, from->look->str);
}

/* ---- pictures ------------------------------------------------------------------------------------ */

char *verdict_picture_path(const struct judgement *judgement, const struct outcome *run,
                           const char *what)
{
    if (!judgement->picture_folder)
        return NULL;
    int number = (int)(run - judgement->outcome) + 1;
    g_autofree char *name =
        g_strdup_printf("%s-run-%d-%s", judgement->picture_prefix, number, what);
    return g_build_filename(judgement->picture_folder, name, NULL);
}

void verdict_show_picture(struct verdict *verdict, const char *file, const char *words)
{
    g_ptr_array_set_size(verdict->picture_words, (int)verdict->pictures->len);
    g_ptr_array_add(verdict->pictures, g_strdup(file));
    g_ptr_array_add(verdict->picture_words, g_strdup(words));
}

void verdict_add_picture(struct verdict *verdict, const char *path, const char *words)
{
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *file = g_strconcat(name, ".svg", NULL);
    verdict_show_picture(verdict, file, words);
}

const char *verdict_picture_words(const struct verdict *verdict, guint picture)
{
    const char *words =
        picture < verdict->picture_words->len ? verdict->picture_words->pdata[picture] : NULL;
    return words && *words ? words : NULL;
}

void verdict_take_pictures(struct verdict *verdict, const struct verdict *from)
{
    for (guint i = 0; i < from->pictures->len; i++)
        verdict_show_picture(verdict, from->pictures->pdata[i], verdict_picture_words(from, i));
}

void verdict_forget_pictures(struct verdict *verdict)
{
    g_ptr_array_set_size(verdict->pictures, 0);
    g_ptr_array_set_size(verdict->picture_words, 0);
}
