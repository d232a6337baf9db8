/* The secret, of all years or of one; see secret.h. */
#include "grader/submission/secret.h"

#include <string.h>

static const char public_secret[] = "the public secret of students who grade themselves";

/* What was read becomes that of the year. */
static void be_of_year(struct secret *secret, int year)
{
    enum { LENGTH = 32 };
    guint8 digest[LENGTH];
    gsize length = sizeof digest;
    g_autofree char *text = g_strdup_printf("year %d", year);
    g_autoptr(GHmac) hmac =
        g_hmac_new(G_CHECKSUM_SHA256, (const guchar *)secret->bytes, secret->length);
    g_hmac_update(hmac, (const guchar *)text, (gssize)strlen(text));
    g_hmac_get_digest(hmac, digest, &length);
    g_free(secret->bytes);
    *secret = (struct secret){.bytes = g_memdup2(digest, length), .length = length, .year = year};
}

bool secret_read(struct secret *secret, const char *path, int year, GString *error)
{
    GError *problem = NULL;
    *secret = (struct secret){0};
    if (!path && year != 0) {
        g_string_append_printf(error,
                               "YEAR=%d draws from the instructor's secret, and there is none: "
                               "name a file that has one in GRADER_SECRET (without it anybody "
                               "could work out what is drawn)",
                               year);
        return false;
    }
    if (!path) {
        secret->bytes = g_strdup(public_secret);
        secret->length = strlen(public_secret);
    } else if (!g_file_get_contents(path, &secret->bytes, &secret->length, &problem)) {
        g_string_append_printf(error, "the secret can't be read: %s", problem->message);
        g_error_free(problem);
        return false;
    } else if (secret->length == 0) {
        g_string_append_printf(error, "the secret %s is empty", path);
        secret_clear(secret);
        return false;
    }
    if (year != 0)
        be_of_year(secret, year);
    return true;
}

void secret_clear(struct secret *secret)
{
    g_free(secret->bytes);
    *secret = (struct secret){0};
}
