/*
 * What the linker says of a file, in a sentence: a name that two define, or that nobody does.
 *
 * The lines are those of GNU ld, for people:
 *     /kit/NAME/a.c:11: multiple definition of `x'; /objects/b.o:/kit/NAME/b.c:10: first defined here
 *     /kit/NAME/a.c:29: undefined reference to `y'
 * A place may also be "/objects/a.o:(.bss+0x0)", without a line.
 */
#include "grader/builder/builder.h"

#include <string.h>

#define MULTIPLE  "multiple definition of `"
#define UNDEFINED "undefined reference to `"
#define MOST_NAME 80 /* letters of a name that are shown */

struct built_file *builder_blamed_file(const struct builder *builder, const char *line)
{
    struct built_file *blamed = NULL;
    const char *first = NULL;
    for (guint i = 0; i < builder->build->files->len; i++) {
        struct built_file *file = BUILT_FILES(builder->build, i);
        if (!builder_takes(file))
            continue;
        g_autofree char *source = collection_source(file->collected);
        g_autofree char *place = g_strconcat(source, ":", NULL);
        g_autofree char *name = builder_object_name(builder, source);
        g_autofree char *object = g_strdup_printf("/%s:", name);
        const char *found[] = {strstr(line, place), strstr(line, object)};
        for (int k = 0; k < 2; k++)
            if (found[k] && (!first || found[k] < first)) {
                first = found[k];
                blamed = file;
            }
    }
    return blamed;
}

/* What stands in quotes behind these words; a new string, or NULL. */
static char *name_after(const char *text, const char *words)
{
    const char *found = strstr(text, words);
    if (!found)
        return NULL;
    found += strlen(words);
    g_autofree char *name = g_strndup(found, MIN(strcspn(found, "'"), MOST_NAME));
    return g_utf8_make_valid(name, -1);
}

char *builder_undefined_symbol(const char *line)
{
    const char *found = strstr(line, UNDEFINED);
    return found ? g_strndup(found + strlen(UNDEFINED), strcspn(found + strlen(UNDEFINED), "'"))
                 : NULL;
}

/* " (line 12)" of the last "file.c:12" in a text, else "". A new string. */
static char *line_in(const char *text)
{
    g_autoptr(GRegex) place =
        g_regex_new(".*\\.[ch]:(\\d{1,9})", G_REGEX_DOTALL | G_REGEX_RAW, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    if (!g_regex_match(place, text, 0, &match))
        return g_strdup("");
    g_autofree char *number = g_match_info_fetch(match, 1);
    return g_strdup_printf(" (line %s)", number);
}

/* Two places define it; the file's own may be either. */
static char *tell_twice(const struct builder *builder, const struct built_file *file,
                        const char *line, const char *name)
{
    const char *middle = strstr(line, MULTIPLE);
    g_autofree char *before = g_strndup(line, (gsize)(middle - line));
    const bool first = builder_blamed_file(builder, before) == file;
    const char *other_part = first ? middle : before;
    const struct built_file *other = builder_blamed_file(builder, other_part);
    g_autofree char *own_line = line_in(first ? before : middle), *other_line = line_in(other_part);
    return g_strdup_printf("it defines %s%s, and so does %s%s", name, own_line,
                           other ? other->collected->file->name : "the kit",
                           other ? other_line : "");
}

bool builder_tell_fault(const struct builder *builder, struct built_file *file, const char *line)
{
    g_autofree char *twice = name_after(line, MULTIPLE), *undefined = name_after(line, UNDEFINED);
    if (twice) {
        file->fault = tell_twice(builder, file, line, twice);
        file->fault_look =
            "the name that both define: make it `static` where only its own file uses it, or "
            "give it another name";
    } else if (undefined) {
        g_autofree char *place = line_in(line);
        file->fault = g_strdup_printf("it uses %s%s, which nobody defines", undefined, place);
        file->fault_look =
            "the name that nobody defines: is it spelled as where it is declared, does its "
            "file belong to those to hand in, and is a function that is `inline` also "
            "`static`?";
    }
    return twice || undefined;
}
