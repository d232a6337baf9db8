/* Seeds by HMAC-SHA256. */
#include "grader/submission/seeds.h"

#include <string.h>

static char *hash_files(const struct collection *collection)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    for (guint i = 0; i < collection->files->len; i++) {
        const char *name = COLLECTED_FILES(collection, i)->file->name;
        g_autofree char *path = g_build_filename(collection->folder, name, NULL);
        g_autofree char *content = NULL;
        gsize length = 0;
        if (!g_file_get_contents(path, &content, &length, NULL))
            continue;
        g_checksum_update(checksum, (const guchar *)name, (gssize)strlen(name) + 1);
        g_checksum_update(checksum, (const guchar *)&length, sizeof length);
        g_checksum_update(checksum, (const guchar *)content, (gssize)length);
    }
    return g_strdup(g_checksum_get_string(checksum));
}

bool seeds_init(struct seeds *seeds, const struct collection *collection, const char *secret_path,
                int year, uint64_t fixed, GString *error)
{
    *seeds = (struct seeds){.fixed = fixed};
    if (!secret_read(&seeds->secret, secret_path, year, error))
        return false;
    seeds->submission = hash_files(collection);
    return true;
}

void seeds_clear(struct seeds *seeds)
{
    secret_clear(&seeds->secret);
    g_free(seeds->submission);
    *seeds = (struct seeds){0};
}

uint64_t seeds_draw(const struct seeds *seeds, const char *check, int run)
{
    if (seeds->fixed != 0)
        return seeds->fixed;
    guint8 digest[32];
    gsize length = sizeof digest;
    g_autofree char *text = g_strdup_printf("%s\n%s\n%d\n", seeds->submission, check, run);
    g_autoptr(GHmac) hmac =
        g_hmac_new(G_CHECKSUM_SHA256, (const guchar *)seeds->secret.bytes, seeds->secret.length);
    g_hmac_update(hmac, (const guchar *)text, (gssize)strlen(text));
    g_hmac_get_digest(hmac, digest, &length);
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | digest[i];
    return 1 + number % 2147483647u;
}
