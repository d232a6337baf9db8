/* Signatures; see signature.h. */
#include "class/page/signature.h"

#include <glib.h>

/* Applied one after the other. */
static const struct {
    const char *pattern, *becomes;
} steps[] = {
    /* what students wrote */
    {"“[^”]*”", "“#”"},
    {"\"[^\"]*\"", "\"#\""},
    /* a path of this machine */
    {"(?<![\\w.])/(?:[\\w.+-]+/)+[\\w.+-]+", "/#"},
    {"\\b0[xX][0-9a-fA-F]+\\b", "#"},
    /* a number that is no part of a name; its sign belongs to it where a word ends before */
    {"(?:(?<=[\\s(=:,])[-+])?(?<![A-Za-z0-9_])\\d+(?:\\.\\d+)*(?:[eE][-+]?\\d+)?(?![A-Za-z_])",
     "#"},
    {"(?<=[\\s(=:,])[-+]?(?:nan|inf)\\b", "#"},
    /* the events F4, B0 and W12 */
    {"\\b([A-Z])\\d+\\b", "\\1#"},
    /* as many as there were */
    {"#(?:, #)*,? and #", "#"},
    {"#(?:, #)+", "#"},
    /* ranks # wait, rank # waits: one and many */
    {"\\b(rank|micro-batch|layer|step|stage|message|forward|backward|record|byte|number|round|time)"
     "e?s\\b",
     "\\1"},
    {"\\s+", " "},
};

static GRegex *compiled(guint step)
{
    static GRegex *made[G_N_ELEMENTS(steps)];
    if (!made[step])
        made[step] = g_regex_new(steps[step].pattern, G_REGEX_OPTIMIZE, 0, NULL);
    return made[step];
}

char *signature_of(const char *seen)
{
    char *text = g_utf8_make_valid(seen, -1);
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        char *next = g_regex_replace(compiled(i), text, -1, 0, steps[i].becomes, 0, NULL);
        if (next) { /* else the text is too long for the pattern: it stays as it is */
            g_free(text);
            text = next;
        }
    }
    return g_strstrip(text);
}
