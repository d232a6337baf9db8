/* Names that look alike; see look_alike.h. */
#include "grader/submission/look_alike.h"

#include "grader/text/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MOST_LOOKED_AT 1000 /* entries of a folder, for names that look alike */

/* What is added, in the languages of several systems; each is taken away wherever it stands. */
static const char added[] = "^(copy|kopie|copie|copia) (of|von|de|di) |[ _-]*\\([0-9]+\\)|"
                            "[ _-]+(copy|kopie|copie|copia)( ?[0-9]+)?(?=\\.|$)|"
                            "\\.(txt|bak|orig|old|save|docx?|rtf|download)$|~$|^[#.~]+|#$";

/* In small letters, without what was added, blanks and strokes. */
static char *essence(const char *name)
{
    g_autofree char *valid = g_utf8_make_valid(name, -1);
    g_autofree char *whole = g_utf8_normalize(valid, -1, G_NORMALIZE_ALL);
    g_autofree char *lower = g_utf8_strdown(whole ? whole : valid, -1);
    g_autoptr(GRegex) regex = g_regex_new(added, 0, 0, NULL);
    char *text = g_regex_replace_literal(regex, lower, -1, 0, "", 0, NULL);
    char *to = text;
    for (const char *from = text; *from; from++)
        if (!strchr(" _-", *from))
            *to++ = *from;
    *to = '\0';
    return text;
}

bool look_alike(const char *name, const char *wanted)
{
    g_autofree char *a = essence(name), *b = essence(wanted);
    return strcmp(a, b) == 0;
}

char *look_alike_find(int folder, const char *wanted)
{
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = again >= 0 ? fdopendir(again) : NULL;
    struct dirent *entry;
    char *found = NULL;
    int looked_at = 0;
    while (listing && (entry = readdir(listing)) && looked_at++ < MOST_LOOKED_AT)
        if (look_alike(entry->d_name, wanted) && (!found || strcmp(entry->d_name, found) < 0)) {
            g_free(found);
            found = g_strdup(entry->d_name);
        }
    if (listing)
        closedir(listing);
    char *shown = found ? text_clean_name(found) : NULL;
    g_free(found);
    return shown;
}
